"""Starts the process that makes exports: one of its own, which gives way to replies and gives its memory back.

The worker that starts it goes on at once. It ends when there is nothing more to make, or when that worker ends.
"""

import os
import subprocess
import sys

from celery import current_app
from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from exports.jobs.held import State
from exports.models import ExportJob

AT_ONCE = 2  # processes of one background worker: a long export of one person keeps no other waiting

_processes: "list[subprocess.Popen[bytes]]" = []


def tell() -> None:
    """An export waits."""
    current_app.send_task("exports.tasks.make_exports")


def start() -> bool:
    """Start a process, if something waits and there are not enough; whether it was started."""
    _processes[:] = [one for one in _processes if one.poll() is None]
    lapsed = Q(state=State.RUNNING, lease_until__lt=Now())
    if len(_processes) >= AT_ONCE or not ExportJob.objects.filter(Q(state=State.WAITING) | lapsed).exists():
        return False
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "make_exports", "--parent", str(os.getpid())]
    _processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))
    return True

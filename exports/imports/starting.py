"""Starts the process that reads files: one of its own, which gives way to replies and gives its memory back.

The worker that starts it goes on at once. It ends when nothing waits any more, or when that worker ends.
"""

import os
import subprocess
import sys

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from exports.imports.rows import Import

AT_ONCE = 2  # processes of one background worker: a long file of one person keeps no other waiting

_processes: "list[subprocess.Popen[bytes]]" = []


def start() -> bool:
    """Start a process, if something waits and there are not enough; whether it was started."""
    _processes[:] = [one for one in _processes if one.poll() is None]
    lapsed = Q(state=Import.State.RUNNING, lease_until__lt=Now())
    if len(_processes) >= AT_ONCE or not Import.objects.filter(Q(state=Import.State.WAITING) | lapsed).exists():
        return False
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "read_imports", "--parent", str(os.getpid())]
    _processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))
    return True

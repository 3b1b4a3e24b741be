"""Starts the processes that make exports and read imports: they give way to replies, and give their memory back.

The worker that starts one goes on at once. It ends when nothing waits any more, or when that worker ends: then at once,
as another takes up what it leaves, and nothing half done can be taken for done.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

AT_ONCE = 2  # processes of one background worker for one command: what takes long keeps nobody else waiting
NICE = 10  # replies come first
LOOK_S = 1.0
WAITING = Q(state="waiting") | Q(state="running", lease_until__lt=Now())  # or whose process went silent

_processes: "dict[str, list[subprocess.Popen[bytes]]]" = {}


def start(command: str, rows: "QuerySet[Any]") -> bool:
    """Start a process with this command, if a row waits and there are not enough; whether it was started."""
    mine = _processes[command] = [one for one in _processes.get(command, ()) if one.poll() is None]
    if len(mine) >= AT_ONCE or not rows.filter(WAITING).exists():
        return False
    words = [sys.executable, str(settings.BASE_DIR / "manage.py"), command, "--parent", str(os.getpid())]
    mine.append(subprocess.Popen(words, stdin=subprocess.DEVNULL))
    return True


def spare_memory() -> None:
    """For a process of its own: SQLite maps what it reads, 128 MB at most, and all of it is read here only once."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA mmap_size=0")


class Making(BaseCommand):
    """A command that such a process runs."""

    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--parent", type=int, default=0, help="end when this process, which started it, ends")

    def handle(self, *, parent: int, **options: Any) -> None:
        os.nice(NICE)
        if parent:
            threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
        spare_memory()
        self.make()

    def make(self) -> None:
        """Make all that waits."""
        raise NotImplementedError


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os.kill(os.getpid(), signal.SIGKILL)

"""``manage.py make_exports``: make the exports that wait, and end. The background worker starts it."""

import os
import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from exports.jobs import work

NICE = 10  # replies come first
LOOK_S = 1.0


class Command(BaseCommand):
    help = "Make the exports that wait, one after another, and end. The background worker does this by itself."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--parent", type=int, default=0, help="End when this process, which started it, ends.")

    def handle(self, *, parent: int, **options: Any) -> None:
        os.nice(NICE)
        if parent:
            threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
        work.spare_memory()
        work.make_waiting()


def _end_with(parent: int) -> None:
    """At once: another takes up what this one leaves, and nothing half done can be taken for done."""
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os.kill(os.getpid(), signal.SIGKILL)

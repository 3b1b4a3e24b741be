"""``manage.py read_imports``: read the files that wait to be imported, and end. The background worker starts it."""

import argparse
import os
import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand

from exports.imports import jobs

NICE = 10  # replies come first
LOOK_S = 1.0


class Command(BaseCommand):
    help = "Read the files that wait to be imported, and end. The background worker does this by itself."
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--parent", type=int, default=0, help="end when this process, which started it, ends")

    def handle(self, *, parent: int, **options: Any) -> None:
        if parent:
            os.nice(NICE)
            threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
        jobs.read_waiting()


def _end_with(parent: int) -> None:
    """At once: another takes up what this one leaves, and nothing comes in by halves."""
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os.kill(os.getpid(), signal.SIGKILL)

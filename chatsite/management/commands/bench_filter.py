"""``manage.py bench_filter``: what looking for words and patterns costs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chatsite.bench import filter as bench
from chatsite.bench.progress import Progress


class Command(BaseCommand):
    help = "Measure the moderation filter: time for 1,000 characters, compiling, memory, and how much is held back."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--short", action="store_true", help="A tenth of the text.")

    def handle(self, *, short: bool, **options: Any) -> None:
        progress = Progress()
        try:
            rows = bench.run(short, progress)
        finally:
            progress.end()
        bench.show(self.stdout.write, rows)

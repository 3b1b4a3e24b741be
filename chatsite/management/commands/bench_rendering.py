"""``manage.py bench_rendering``: what making HTML of replies costs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chatsite.bench import rendering as bench
from chatsite.bench.progress import Progress


class Command(BaseCommand):
    help = (
        "Measure rendering: processor time for 1,000 tokens that stream, for whole replies, and for a page of messages."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--short", action="store_true", help="A fifth of the text.")

    def handle(self, *, short: bool, **options: Any) -> None:
        progress = Progress()
        try:
            rows = bench.run(short, progress)
        finally:
            progress.end()
        bench.show(self.stdout.write, rows)

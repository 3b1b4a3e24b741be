"""``manage.py bench_export``: how long exports take and how much memory, by form."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chatsite.bench import exporting as bench
from chatsite.bench.progress import Progress
from chatsite.bench.site import stops_on_signals


class Command(BaseCommand):
    help = "Measure exports: seconds and peak memory of each form, beside a naive dump of the same rows."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--short", action="store_true", help="4,000 messages instead of 100,000.")
        parser.add_argument("--messages", type=int, default=0, help="How many.")
        parser.add_argument("--database", default="", help="URL of an empty PostgreSQL database; SQLite unless given.")

    def handle(self, *, short: bool, messages: int, database: str, **options: Any) -> None:
        messages = messages or (bench.SHORT_MESSAGES if short else bench.MESSAGES)
        progress = Progress()
        progress.begin(bench.S_PER_MESSAGE * messages)
        try:
            with stops_on_signals():
                rows = bench.run(messages, database, progress)
        finally:
            progress.end()
        bench.show(self.stdout.write, rows)

"""``manage.py bench_search``: how long it takes to find something among a million messages."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chatsite.bench import search as bench
from chatsite.bench.progress import Progress
from chatsite.bench.site import stops_on_signals


class Command(BaseCommand):
    help = "Measure the search: milliseconds of each kind of query, on a site with many messages."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--short", action="store_true", help="4,000 messages instead of a million.")
        parser.add_argument("--messages", type=int, default=0, help="How many.")
        parser.add_argument("--database", default="", help="URL of an empty PostgreSQL database; SQLite unless given.")

    def handle(self, *, short: bool, messages: int, database: str, **options: Any) -> None:
        messages = messages or (bench.SHORT_MESSAGES if short else bench.MESSAGES)
        times = bench.SHORT_TIMES if short else bench.TIMES
        progress = Progress()
        progress.begin(3.0 * messages)
        try:
            with stops_on_signals():
                rows = bench.run(messages, times, database, progress)
        finally:
            progress.end()
        bench.show(self.stdout.write, rows)

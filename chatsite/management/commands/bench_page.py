"""``manage.py bench_page``: what the page weighs and how soon one can type, in a real browser."""

from importlib.util import find_spec
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.bench import report, targets
from chatsite.bench.progress import Progress
from chatsite.bench.site import BenchError, stops_on_signals

LIMITS = {"bytes": 60_000, "typable_cold_ms": 300}


class Command(BaseCommand):
    help = "Measure the page in Chromium, on a site of its own."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--short", action="store_true", help="Two loads instead of five.")

    def handle(self, *, short: bool, **options: Any) -> None:
        if find_spec("playwright") is None:
            raise CommandError("playwright is not installed; make bench-page installs it.")
        from chatsite.bench import page  # noqa: PLC0415 - playwright is there for developers only

        progress = Progress()
        try:
            with stops_on_signals():
                row, kinds = page.run(2 if short else 5, progress)
        except BenchError as error:
            raise CommandError(str(error)) from error
        finally:
            progress.end()
        verdicts = [targets.verdict(row, key, limit, "first load") for key, limit in LIMITS.items()]
        write = self.stdout.write
        report.table(write, "First load.", ["type", "requests", "bytes"], page.lines(kinds))
        report.table(write, "The page.", ["figure", ""], [[key, f"{value:,.1f}"] for key, value in row.items()])
        report.targets(write, verdicts)
        report.last_line(write, {"bench": "page", "rows": [row], "bytes_by_type": kinds})

"""``manage.py bench_page``: what the page weighs and how soon one can type, in a real browser."""

from importlib.util import find_spec
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.bench import report, targets
from chatsite.bench.progress import Progress
from chatsite.bench.site import BenchError, stops_on_signals

LIMITS = (
    ("load", "bytes", 60_000),
    ("load", "typable_cold_ms", 300),
    ("article", "first_text_ms_beyond_engine", 30),
    ("tokens, Markdown", "token_to_drawn_ms_p50", 12),
    ("tokens, Markdown", "token_to_drawn_ms_p95", 20),
    ("tokens, Markdown", "browser_cpu_ms_per_token", 12),
    ("long", "long_tasks", 0),
)
TITLES = {
    "load": "Loading.",
    "tokens, plain": "Tokens that say when they were said.",
    "tokens, Markdown": "The same with Markdown of every kind between them.",
    "article": "The article's question: from the press of the key, as the browser sees it.",
    "long": "A long reply in a long conversation.",
}


class Command(BaseCommand):
    help = "Measure the page in Chromium, on a site of its own."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--short", action="store_true", help="Fewer of everything.")

    def handle(self, *, short: bool, **options: Any) -> None:
        if find_spec("playwright") is None:
            raise CommandError("playwright is not installed; make bench-page installs it.")
        from chatsite.bench import page  # noqa: PLC0415 - playwright is there for developers only

        progress = Progress()
        try:
            with stops_on_signals():
                rows, kinds = page.run(page.SHORT if short else page.Size(), progress)
        except BenchError as error:
            raise CommandError(str(error)) from error
        finally:
            progress.end()
        write = self.stdout.write
        report.table(write, "First load.", ["type", "requests", "bytes"], page.lines(kinds))
        for name, title in TITLES.items():
            report.table(write, title, ["figure", ""], [[key, f"{value:,.2f}"] for key, value in rows[name].items()])
        report.targets(write, [targets.verdict(rows[name], key, limit, name) for name, key, limit in LIMITS])
        report.last_line(
            write, {"bench": "page", "rows": [{"of": name, **rows[name]} for name in TITLES], "bytes_by_type": kinds}
        )

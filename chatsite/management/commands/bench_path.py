"""``manage.py bench_path``: what the site adds to the engine's own time, and what it costs."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.bench import idle, path, report, targets
from chatsite.bench.path import Plan
from chatsite.bench.progress import Progress
from chatsite.bench.site import BenchError, stops_on_signals


class Command(BaseCommand):
    help = "Measure the whole path on a site of its own beside the engine alone. Exits with 1 when a token was lost."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--short", action="store_true", help="1, 10 and 50 streams, once.")
        parser.add_argument("--streams", type=int, nargs="+", help="Numbers of replies at once.")
        parser.add_argument("--formats", nargs="+", choices=("text", "html"), help="Without or with HTML.")
        parser.add_argument("--words", type=int, help="Then once more with a rule of so many words.")
        parser.add_argument("--repeats", type=int, help="How often; medians are shown.")
        parser.add_argument(
            "--database", help="URL of an empty PostgreSQL database. Tables and accounts are made in it."
        )

        parser.add_argument("--idle", action="store_true", help="Measure a site that nobody uses, for a minute.")
        parser.add_argument("--model", default="", help="With --idle: this model of the catalog.")

    def handle(self, **options: Any) -> None:
        progress = Progress()
        try:
            with stops_on_signals():
                status = self.idle(progress, **options) if options["idle"] else self.path(progress, **options)
        except BenchError as error:
            raise CommandError(str(error)) from error
        finally:
            progress.end()
        sys.exit(status)

    def idle(self, progress: Progress, *, short: bool, model: str, **options: Any) -> int:
        seconds = 5.0 if short else 60.0
        rows = idle.run(seconds, model, progress)
        progress.end()
        idle.show(self.stdout.write, rows, seconds, model)
        return 0

    def path(self, progress: Progress, **options: Any) -> int:
        chosen = {
            name: options[name] for name in ("streams", "formats", "repeats", "database", "words") if options[name]
        }
        short = {"streams": (1, 10, 50), "repeats": 1, "samples": 2} if options["short"] else {}
        plan = Plan(**{**short, **chosen})
        rows = path.run(plan, progress)
        progress.end()
        verdicts = targets.judge(rows)
        report.path(self.stdout.write, rows, verdicts, plan.describe())
        return 0 if targets.is_correct(verdicts) else 1

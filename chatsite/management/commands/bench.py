"""``manage.py bench``: the article's measurement, of any model of the catalog."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.bench.models import earlier, report, rows, run
from chatsite.bench.models.over_api import API
from chatsite.bench.models.plan import Plan
from chatsite.bench.progress import Progress
from chatsite.bench.report import last_line
from chatsite.bench.site import BenchError, stops_on_signals

SHORT = {"requests": 6, "users": 3, "tokens": 12, "rates": 2, "rate_tokens": 40}


class Command(BaseCommand):
    help = (
        "Measure models as the reference article did: the same question again and again, one at a time and five at "
        "once, through a site of its own and of the bare engine. Exits with 1 when a reply failed."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        plan = Plan()
        parser.add_argument("models", nargs="*", metavar="MODEL", help="From the catalog; else the one it would serve.")
        parser.add_argument("--loopback", default="", metavar="MODEL", help="Also this, over a second site's API.")
        parser.add_argument("--short", action="store_true", help="A few requests for short replies.")
        parser.add_argument("--requests", type=_positive, help=f"In a row ({plan.requests}).")
        parser.add_argument("--users", type=_positive, help=f"At once ({plan.users}).")
        parser.add_argument("--tokens", type=_positive, help=f"Of a reply, at most ({plan.tokens}).")
        parser.add_argument("--rate-tokens", type=_positive, help=f"Of a long answer, at most ({plan.rate_tokens}).")
        parser.add_argument("--rates", type=_positive, help=f"Long answers for the tokens a second ({plan.rates}).")
        parser.add_argument(
            "--formats",
            nargs="+",
            choices=("text", "html", API),
            help="Of the site's: with HTML as the page asks, without, and over its API (html).",
        )
        parser.add_argument("--fresh", action="store_true", help="Number the questions, so that no cache has them.")
        parser.add_argument("--kill-worker", action="store_true", help="Then kill a worker in the middle of a reply.")
        parser.add_argument("--database", help="URL of an empty PostgreSQL database.")
        parser.add_argument(
            "--compare", nargs="+", default=[], metavar="FILE", help="Earlier --json files, or article: its own table."
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help="Write the result there, too.")
        parser.add_argument("--chart", type=Path, metavar="FILE.png", help="Draw it.")

    def handle(self, **options: Any) -> None:
        if options["chart"] and find_spec("matplotlib") is None:
            raise CommandError("--chart needs matplotlib, which is not installed; make bench-models installs it.")
        wanted = run.Wanted(tuple(options["models"]), options["loopback"])
        progress = Progress()
        try:
            compared = earlier.read(options["compare"])
            with stops_on_signals():
                told = run.run(_plan(options), wanted, progress)
        except BenchError as error:
            raise CommandError(str(error)) from error
        finally:
            progress.end()
        report.show(self.stdout.write, told, compared, rows.judge(told["shares"]))
        if options["json"]:
            run.write(options["json"], told)
        if options["chart"]:
            from chatsite.bench.models import chart  # noqa: PLC0415 - matplotlib is there for those who want a chart

            chart.draw(options["chart"], told, compared)
        last_line(self.stdout.write, told)
        sys.exit(0 if run.is_sound(told) else 1)


def _plan(options: dict[str, Any]) -> Plan:
    names = ("requests", "users", "tokens", "rates", "rate_tokens", "formats", "fresh", "kill_worker", "database")
    chosen = {name: options[name] for name in names if options[name]}
    if "formats" in chosen:
        chosen["formats"] = tuple(dict.fromkeys(chosen["formats"]))
    return Plan(**{**(SHORT if options["short"] else {}), **chosen})


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number

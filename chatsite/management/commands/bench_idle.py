"""``manage.py bench_idle``: what thousands of idle sockets cost, and what others notice of them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.bench import sockets as bench
from chatsite.bench.progress import Progress
from chatsite.bench.site import BenchError, stops_on_signals


class Command(BaseCommand):
    help = "Measure idle sockets and slow strangers on a site of the benchmark's own: memory, and others' waiting."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sockets", type=int, default=10_000, help="How many, if the machine's limits allow.")
        parser.add_argument("--slow", type=int, default=500, help="Connections that begin a request and never end it.")
        parser.add_argument("--short", action="store_true", help="200 sockets, 20 slow strangers.")

    def handle(self, *, sockets: int, slow: int, short: bool, **options: Any) -> None:
        sockets, slow = (200, 20) if short else (sockets, slow)
        progress = Progress()
        try:
            with stops_on_signals():
                rows = bench.run(min(sockets, bench.most_sockets() - slow), slow, progress)
        except BenchError as error:
            raise CommandError(str(error)) from error
        finally:
            progress.end()
        bench.show(self.stdout.write, rows)

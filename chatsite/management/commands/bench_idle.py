"""``manage.py bench_idle``: what idle sockets by the thousand and slow strangers cost, and what others notice."""

from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.bench import sockets as bench
from chatsite.bench.progress import Progress
from chatsite.bench.site import BenchError, stops_on_signals


class Command(BaseCommand):
    help = "Measure idle sockets and slow strangers on a site of the benchmark's own: memory, and others' waiting."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        usual = bench.Plan()
        parser.add_argument("--sockets", type=int, default=usual.sockets, help="How many, if the limits allow.")
        parser.add_argument(
            "--replies", type=int, default=usual.replies, help="Replies at once, without and with them."
        )
        parser.add_argument("--slow", type=int, default=usual.slow, help="Strangers who never end, or never read.")
        parser.add_argument("--short", action="store_true", help="200 sockets, 10 replies, 21 strangers.")

    def handle(self, *, sockets: int, replies: int, slow: int, short: bool, **options: Any) -> None:
        asked = bench.SHORT if short else bench.Plan(sockets=sockets, replies=replies, slow=slow)
        room = bench.most_sockets() - asked.slow - asked.replies
        progress = Progress()
        try:
            with stops_on_signals():
                rows = bench.run(replace(asked, sockets=min(asked.sockets, room)), progress)
        except BenchError as error:
            raise CommandError(str(error)) from error
        finally:
            progress.end()
        bench.show(self.stdout.write, rows)
        if any(row.get(count) for row in rows for count in ("failed_sends", "faulty_replies", "lost_tokens")):
            raise CommandError("A reply did not come whole.")

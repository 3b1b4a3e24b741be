"""``manage.py recount_usage``: proves that the windows are the sums of the ledger, or puts them right."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from limits.models import Window
from limits.recount import differences, repair


class Command(BaseCommand):
    help = "Compares every window with the sum of its ledger rows, and fails when one differs. Safe on a running site."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="Set the windows that differ to the ledger's sums.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = differences()
        for one in found:
            self.stdout.write(str(one))
        if not found:
            self.stdout.write(f"All {Window.objects.count()} windows agree with the ledger.")
        elif options["repair"]:
            self.stdout.write(f"{repair(found)} windows were put right.")
        else:
            raise CommandError(f"{len(found)} windows differ from the ledger; --repair puts them right.")

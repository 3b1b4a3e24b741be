"""``manage.py verify_audit``: whether the audit log is what was written, from the first entry to the last."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from audit import chain, guard
from audit.models import GENESIS, Entry
from audit.progress import progress

HASH = "hash of an entry seen before (in a process's log, an export, an earlier run): the log must still have it"


class Command(BaseCommand):
    help = "Verifies the chain of the audit log. Names the first broken entry; exits with 1 when anything is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--expect", metavar="HASH", action="append", default=[], help=HASH)

    def handle(self, *args: Any, **options: Any) -> None:
        expected = set(options["expect"])
        number, digest = 0, GENESIS
        entries = Entry.objects.oldest_first()
        try:
            for entry in chain.checked(progress(entries, chain.length())):
                number, digest = entry.pk, entry.hash
                expected.discard(digest)
        except chain.Broken as broken:
            sys.exit(str(broken))
        if expected:
            sys.exit(f"Not in the log: {', '.join(sorted(expected))}. Entries were cut off, or all were written anew.")
        if not guard.is_up(connection):
            sys.exit("The chain holds, but the database's guard against changes is gone; manage.py migrate puts it up.")
        self.stdout.write(f"{number} entries, each as it was written. The last: {digest}")

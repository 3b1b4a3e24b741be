"""``manage.py verify_export``: whether an export is as it was written."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from exports.jobs.verifying import NotAnExport, verify

MOST_TOLD = 20


class Command(BaseCommand):
    help = "Check every file and message of an export against its manifest, and the manifest's Merkle root."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the zip")
        parser.add_argument("--root", default="", help="the Merkle root that it must have, from wherever that was kept")

    def handle(self, *, file: Path, root: str, **options: Any) -> None:
        try:
            verdict = verify(file)
        except NotAnExport as error:
            raise CommandError(f"{file}: {error}") from error
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from error
        faults = verdict.faults
        if root and root.lower() != verdict.root:
            faults.append(f"its Merkle root is {verdict.root}, not {root}")
        if faults:
            more = f" And {len(faults) - MOST_TOLD} more." if len(faults) > MOST_TOLD else ""
            raise CommandError(f"{file}: " + "; ".join(faults[:MOST_TOLD]) + "." + more)
        told = f"{verdict.conversations} conversations, {verdict.messages} messages, {verdict.files} files"
        self.stdout.write(f"{file}: all as it was written. {told}, Merkle root {verdict.root}")

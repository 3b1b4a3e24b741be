"""``manage.py verify_backup``: whether a backup can be restored, by doing it elsewhere."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.backup import BackupError, restoring


class Command(BaseCommand):
    help = "Checks the sums of a backup, restores it into a scratch database and counts the rows of each table."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--scratch", default="", metavar="URL", help="An empty PostgreSQL database.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = restoring.verify(options["file"], self.stdout.write, options["scratch"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        rows = sum(manifest.rows.values())
        self.stdout.write(f"The backup of {manifest.made_at} is whole: {len(manifest.rows)} tables, {rows:,} rows.")

"""``manage.py backup``: everything that is kept, in one file, while the site serves."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.backup import BackupError, making


class Command(BaseCommand):
    help = "Makes a backup of the database, and prints its path. The site may serve meanwhile."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, metavar="DIR", help="Folder. Else CHATSITE_BACKUP_DIR.")
        parser.add_argument(
            "--passphrase-file",
            type=Path,
            metavar="FILE",
            help="The secret key is put in, sealed under its first line. Else CHATSITE_BACKUP_PASSPHRASE_FILE; "
            "without either the key is left out.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            passphrase = making.passphrase_from(options["passphrase_file"] or settings.BACKUP_PASSPHRASE_FILE)
            path = making.make(options["to"] or settings.BACKUP_DIR, passphrase)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(str(path))

"""``manage.py restore``: a backup in place of what is there."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.backup import BackupError, making, restoring


class Command(BaseCommand):
    help = "Puts a backup in place of the database, which is kept in a backup of its own first. Stop the site before."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="Puts the sealed secret key back.")
        parser.add_argument("--fresh", action="store_true", help="Refuses where there is something to replace.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            passphrase = making.passphrase_from(options["passphrase_file"])
            restoring.restore(options["file"], self.stdout.write, passphrase, fresh=options["fresh"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Restored. Start the site; everybody signs in again.")

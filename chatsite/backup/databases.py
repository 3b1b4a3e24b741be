"""What each database does to be kept and to be put back. Each module has the functions of ``Keeper``."""

from importlib import import_module
from typing import Protocol, cast

from django.db import connection

from chatsite.backup.archive import Reader, Writer
from chatsite.backup.manifest import Manifest

KEEPERS = {"sqlite": "chatsite.backup.sqlite", "postgresql": "chatsite.backup.postgresql"}
LEFT_OUT = ("django_session", "usersessions_usersession")  # whoever finds a backup is not signed in as anybody


class Keeper(Protocol):
    def dump(self, writer: Writer, made_at: str) -> Manifest:
        """Write all tables as they are at one moment, while others read and write."""

    def check_alone(self) -> None:
        """Raises BackupError while somebody else uses the database."""

    def is_empty(self) -> bool:
        """Whether there is nothing that a restore would replace."""

    def load(self, reader: Reader) -> None:
        """Put the tables back, in place of whatever is there."""


def keeper() -> Keeper:
    return cast("Keeper", import_module(KEEPERS[connection.vendor]))

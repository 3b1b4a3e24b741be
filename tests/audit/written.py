"""Entries for stories, and ways to spoil them that only somebody with the database's own rights has."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connection

from audit import guard
from audit.log import record
from audit.models import Entry


def write(number: int, action: str = "a.thing") -> list[Entry]:
    """The whole log after so many entries more."""
    for one in range(number):
        record(action, subject=f"thing {one}", details={"number": one})
    return list(Entry.objects.order_by("pk"))


@contextmanager
def guard_down() -> Iterator[Any]:
    """A cursor with which entries can be changed."""
    with connection.cursor() as cursor:
        for name in guard.NAMES:
            where = " ON audit_entry" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{where}")
        yield cursor
    guard.put_up(apps.get_app_config("audit"), "default")


def spoil(statement: str, *values: Any) -> None:
    with guard_down() as cursor:
        cursor.execute(statement, values)


def move(entry: Entry, at: datetime) -> None:
    """As if it had been written then; the hashes are made anew from there on, as a forger would."""
    with guard_down() as cursor:
        cursor.execute("UPDATE audit_entry SET at = %s WHERE id = %s", [at.replace(tzinfo=None), entry.pk])
        hash_anew(cursor, entry.pk)


def hash_anew(cursor: Any, number: int) -> None:
    """Make the chain hold from this entry on, as it is in the table now."""
    previous = Entry.objects.filter(pk=number - 1).values_list("hash", flat=True).first() or "0" * 64
    cursor.execute("UPDATE audit_entry SET previous = 'to be ' || id, hash = 'to be ' || id WHERE id >= %s", [number])
    for entry in Entry.objects.filter(pk__gte=number).order_by("pk"):
        entry.previous = previous
        previous = entry.fingerprint()
        values = [entry.previous, previous, entry.pk]
        cursor.execute("UPDATE audit_entry SET previous = %s, hash = %s WHERE id = %s", values)

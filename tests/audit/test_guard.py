"""Entries stay as they are: in Django, and by raw SQL."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from audit import guard
from audit.log import record
from audit.models import AppendOnly, Entry

pytestmark = pytest.mark.django_db

TRIES: dict[str, Callable[[Entry], Any]] = {
    "save": lambda entry: entry.save(),
    "delete": lambda entry: entry.delete(),
    "update": lambda entry: Entry.objects.update(action="other"),
    "filtered update": lambda entry: Entry.objects.filter(pk=entry.pk).update(action="other"),
    "filtered delete": lambda entry: Entry.objects.filter(pk=entry.pk).delete(),
    "bulk update": lambda entry: Entry.objects.bulk_update([entry], ["action"]),
    "bulk create": lambda entry: Entry.objects.bulk_create([entry]),
    "update or create": lambda entry: Entry.objects.update_or_create(pk=entry.pk, defaults={"action": "other"}),
}
COPY = (
    "SELECT {id}, at, 'other', actor_id, actor_name, subject_kind, subject_id, subject_name, details, {previous},"
    " '{hash}' FROM audit_entry WHERE id = 1"
)
COLUMNS = "(id, at, action, actor_id, actor_name, subject_kind, subject_id, subject_name, details, previous, hash)"
LAST = "(SELECT hash FROM audit_entry WHERE id = 2)"
STATEMENTS = [
    "UPDATE audit_entry SET action = 'other'",
    "UPDATE audit_entry SET action = 'other' WHERE id = 2",
    "UPDATE audit_entry SET id = 7 WHERE id = 2",
    "DELETE FROM audit_entry",
    "DELETE FROM audit_entry WHERE id = 2",
    f"INSERT INTO audit_entry {COLUMNS} " + COPY.format(id=9, previous="'elsewhere'", hash="x" * 64),
    f"INSERT INTO audit_entry {COLUMNS} " + COPY.format(id=3, previous="'elsewhere'", hash="x" * 64),
    f"INSERT INTO audit_entry {COLUMNS} " + COPY.format(id=2, previous="previous", hash="x" * 64),
]
ONLY = {
    "sqlite": [
        f"INSERT OR REPLACE INTO audit_entry {COLUMNS} " + COPY.format(id=1, previous="previous", hash="x" * 64),
        f"REPLACE INTO audit_entry {COLUMNS} " + COPY.format(id=2, previous="hash", hash="x" * 64),
        f"REPLACE INTO audit_entry {COLUMNS} " + COPY.format(id=3, previous=LAST, hash="x").replace("'x'", "hash"),
        "UPDATE OR IGNORE audit_entry SET action = 'other'",
    ],
    "postgresql": [
        "TRUNCATE audit_entry",
        "TRUNCATE audit_entry CASCADE",
        f"INSERT INTO audit_entry {COLUMNS} "
        + COPY.format(id=2, previous="previous", hash="x" * 64)
        + " ON CONFLICT (id) DO UPDATE SET action = 'other'",
    ],
}


@pytest.fixture
def entries() -> list[Entry]:
    record("a.first")
    record("a.second")
    return list(Entry.objects.order_by("pk"))


def as_stored() -> list[dict[str, Any]]:
    return [dict(row) for row in Entry.objects.order_by("pk").values()]


@pytest.mark.parametrize("way", TRIES)
def test_no_way_of_djangos_changes_an_entry(entries: list[Entry], way: str) -> None:
    before = as_stored()
    entries[0].action = "other"
    with pytest.raises(AppendOnly):
        TRIES[way](entries[0])
    assert as_stored() == before


@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_statement_does(entries: list[Entry], statement: str) -> None:
    refused(statement)


def test_no_statement_of_this_database_alone_does(entries: list[Entry]) -> None:
    for statement in ONLY[connection.vendor]:
        refused(statement)


def refused(statement: str) -> None:
    before = as_stored()
    assert len(before) == 2
    with pytest.raises(IntegrityError, match="only added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert as_stored() == before


def test_what_is_refused_would_work_without_the_guard(entries: list[Entry]) -> None:
    """Else the tests above would say nothing of it."""
    take_down()
    with connection.cursor() as cursor:
        for statement in (STATEMENTS[1], ONLY[connection.vendor][0]):
            before = as_stored()
            cursor.execute(statement)
            assert as_stored() != before


def take_down() -> None:
    with connection.cursor() as cursor:
        for name in guard.NAMES:
            where = " ON audit_entry" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER {name}{where}")


def test_a_guard_that_is_missing_is_seen_and_comes_back_with_migrate(entries: list[Entry]) -> None:
    assert guard.is_up(connection)
    take_down()
    assert not guard.is_up(connection)
    call_command("migrate", "audit", verbosity=0)
    assert guard.is_up(connection)
    refused("DELETE FROM audit_entry")


IDLE = {
    "sqlite": "CREATE TRIGGER audit_entry_kept BEFORE UPDATE ON audit_entry BEGIN SELECT 1; END",
    "postgresql": "ALTER TABLE audit_entry ENABLE REPLICA TRIGGER audit_entry_kept",
}


def test_a_guard_that_stands_and_keeps_nothing_is_seen(entries: list[Entry]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER audit_entry_kept")
        cursor.execute(IDLE[connection.vendor])
    assert not guard.is_up(connection)


@pytest.mark.django_db(transaction=True)
def test_a_flush_of_the_site_is_refused_while_the_guard_stands(entries: list[Entry]) -> None:
    tables = "TRUNCATE audit_entry, django_session" if connection.vendor == "postgresql" else "DELETE FROM audit_entry"
    refused(tables)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("again", [1, 2])
def test_each_test_begins_with_an_empty_log_and_the_guard_up(again: int) -> None:
    assert guard.is_up(connection)
    record("a.thing")
    assert Entry.objects.get().pk == 1

"""Tests that commit leave an empty database behind, the audit log too, whose guard would refuse that.

Instead of Django's ``flush``, which empties every table and makes all rights and groups anew after each test: only what
has rows is emptied, and what ``migrate`` makes is put back only where a test changed it. Only this way to empty tables
goes past the guard of the audit log: in every test it stands.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.test import TransactionTestCase
from pytest_django.plugin import DjangoDbBlocker

from audit import guard
from audit.models import Entry

Rows = list[tuple[Any, ...]]
MADE_BY_MIGRATE = (ContentType, Permission, Group, Group.permissions.through)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """pytest-django's database, which the tests that commit leave empty but for what ``migrate`` makes."""
    with django_db_blocker.unblock():
        made = {model._meta.db_table: _rows(model._meta.db_table) for model in MADE_BY_MIGRATE}
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: _empty(tables, made))
        yield


def _empty(tables: list[str], made: dict[str, Rows]) -> None:
    changed = {name: rows for name, rows in made.items() if _rows(name) != rows}
    full = [name for name in _with_rows(tables) if name not in made or name in changed]
    with connection.constraint_checks_disabled(), transaction.atomic(), connection.cursor() as cursor:
        _pass_the_guard(cursor, full)
        for name in full:
            cursor.execute(f"DELETE FROM {_quoted(name)}")  # noqa: S608 - no input in it
        for name, rows in changed.items():
            places = ", ".join(["%s"] * len(rows[0]))
            cursor.executemany(f"INSERT INTO {_quoted(name)} VALUES ({places})", rows)  # noqa: S608
        if connection.vendor == "sqlite" and Entry._meta.db_table in full:
            for statement in guard.SQLITE:
                cursor.execute(statement)
    if changed:
        ContentType.objects.clear_cache()


def _pass_the_guard(cursor: CursorWrapper, full: list[str]) -> None:
    """No trigger fires before the transaction ends, nor, on PostgreSQL, any check of a foreign key."""
    if connection.vendor == "postgresql":
        cursor.execute("SET LOCAL session_replication_role = replica")
    elif Entry._meta.db_table in full:
        for name in guard.NAMES:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def _with_rows(tables: list[str]) -> list[str]:
    """Those of the tables that are not empty, by one question."""
    asked = (f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {_quoted(name)})" for name in tables)  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return [name for (name,) in cursor.fetchall()]


def _rows(table: str) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {_quoted(table)} ORDER BY id")  # noqa: S608
        rows: Rows = cursor.fetchall()
        return rows


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)

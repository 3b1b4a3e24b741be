"""Tests that commit leave an empty database behind, the audit log too, whose guard would refuse that.

Only the tests' way to empty tables takes the guard down and puts it up again: in every test it stands.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from audit import guard


@pytest.fixture(scope="session", autouse=True)
def _guard_lets_tests_flush() -> Iterator[None]:
    operations: Any = type(connection.ops)
    sql_flush = operations.sql_flush

    def with_the_guard_down(self: Any, *args: Any, **options: Any) -> list[str]:
        down = [statement for name in guard.NAMES for statement in _drop(name)]
        return [*down, *sql_flush(self, *args, **options), *guard.STATEMENTS[connection.vendor]]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", with_the_guard_down)
        yield


def _drop(name: str) -> list[str]:
    return [f"DROP TRIGGER IF EXISTS {name}" + (" ON audit_entry" if connection.vendor == "postgresql" else "")]

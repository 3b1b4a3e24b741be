"""Where the terms lie: a table for full-text search of each database. Each module has the functions of ``Store``."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple, Protocol, cast

from django.db import connection

from conversations.models import IndexEntry
from conversations.search.query import Phrase

STORES = {
    "sqlite": "conversations.search.stores.sqlite",
    "postgresql": "conversations.search.stores.postgresql",
}
FOREVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an entry must have. Terms come with what is before each, so that nobody's terms are those of another.

    ``labels``: of each group, one. ``since`` <= its time < ``until``, in milliseconds.
    """

    before: str
    phrases: Sequence[Phrase]
    labels: Sequence[Sequence[str]] = ()
    since: int = 0
    until: int = FOREVER


class Found(NamedTuple):
    at: int
    entry: int


class Store(Protocol):
    ONE_WRITER: bool  # others wait while something is written

    def create(self, schema_editor: Any) -> None: ...

    def drop(self, schema_editor: Any) -> None: ...

    def write(self, entries: Sequence[tuple[IndexEntry, Sequence[str], Sequence[str]]]) -> None:
        """Save new entries with their terms in order, and with their labels."""

    def find(self, wanted: Wanted, most: int, *, newest: bool) -> list[Found]:
        """At most so many; the newest first, or any in any order."""


@cache
def _store(vendor: str) -> Store:
    return cast("Store", import_module(STORES[vendor]))


def store() -> Store:
    return _store(connection.vendor)

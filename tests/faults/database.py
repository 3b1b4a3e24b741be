"""The database of a run, and how it is taken away: PostgreSQL is stopped; SQLite is locked, as a backup tool may do."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from tests import postgres


class Database(Protocol):
    """``url`` is what DATABASE_URL says."""

    name: str
    url: str

    def take_away(self) -> None: ...

    def give_back(self) -> None: ...


class Sqlite:
    name = "sqlite"
    url = ""

    def __init__(self, path: Path) -> None:
        self._path = path

    def take_away(self) -> None:
        self._lock = sqlite3.connect(self._path, isolation_level=None, timeout=20, check_same_thread=False)
        self._lock.execute("BEGIN IMMEDIATE")

    def give_back(self) -> None:
        self._lock.execute("ROLLBACK")
        self._lock.close()


class Postgresql:
    name = "postgresql"

    def __init__(self, cluster: postgres.Cluster) -> None:
        self._cluster = cluster
        self.url = f"postgres://{postgres.USER}@/postgres?host={quote(str(cluster.folder))}"

    def take_away(self) -> None:
        self._cluster.stop()

    def give_back(self) -> None:
        self._cluster.start()


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Database]:
    """A database of this run's own: ``sqlite`` or ``postgresql``."""
    if kind == "sqlite":
        yield Sqlite(folder / "data" / "chatsite.sqlite3")
        return
    with postgres.cluster(folder.with_name(folder.name + "-pg")) as cluster:
        yield Postgresql(cluster)

"""SQLite: a copy by its online backup, which is one moment's and keeps nobody from writing."""

import fcntl
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection

from chatsite.backup import BackupError
from chatsite.backup.archive import Reader, Writer, parts_of
from chatsite.backup.databases import LEFT_OUT
from chatsite.backup.manifest import Manifest, Migrations

FILE = "database.sqlite3"
COPY, LOCK = "backup-", "backup.lock"
BESIDE = ("-wal", "-shm", "-journal")


def dump(writer: Writer, made_at: str) -> Manifest:
    with _for_a_copy() as folder:
        copy = folder / FILE
        with closing(sqlite3.connect(place())) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)  # all pages in one step: in WAL mode a reader, whom no writer waits for
            _leave_out(target)
            rows, migrations = _counted(target), _migrations(target)
        writer.add(FILE, parts_of(copy))
    return Manifest("sqlite", made_at, migrations, rows)


def check_alone() -> None:
    """The data folder's lock says so for a site of one machine; this also knows a process that runs by itself."""
    if not place().exists():
        return
    connection.close()
    with closing(sqlite3.connect(place(), timeout=2, isolation_level=None)) as database:
        try:
            database.execute("PRAGMA locking_mode=EXCLUSIVE")
            database.execute("BEGIN EXCLUSIVE")
            database.execute("ROLLBACK")
        except sqlite3.OperationalError:
            raise BackupError("Other processes use the database. Stop the site first.") from None


def is_empty() -> bool:
    return not place().exists() or not connection.introspection.table_names()


def load(reader: Reader) -> None:
    here = place()
    new = here.with_name(f"{here.name}.restored")
    reader.extract(FILE, new)
    with closing(sqlite3.connect(new)) as database:
        if (said := database.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            new.unlink()
            raise BackupError(f"The backup is damaged: {said}.")
    connection.close()
    for end in BESIDE:  # of the old database: SQLite would take them for the new one's
        here.with_name(here.name + end).unlink(missing_ok=True)
    new.replace(here)


def place() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


@contextmanager
def _for_a_copy() -> Iterator[Path]:
    """A folder beside the database, of one backup at a time: what another left there is of one that was killed."""
    data = place().parent
    with (data / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError("Another backup is being made.") from None
        for left in data.glob(f"{COPY}{'?' * 8}/{FILE}"):
            shutil.rmtree(left.parent)
        with tempfile.TemporaryDirectory(dir=data, prefix=COPY) as folder:
            yield Path(folder)


def _leave_out(database: sqlite3.Connection) -> None:
    for table in sorted(set(LEFT_OUT) & set(_tables(database))):
        database.execute(f"DELETE FROM {table}")  # noqa: S608 - one of ours
    database.commit()
    database.execute("PRAGMA journal_mode=DELETE")
    database.execute("VACUUM")  # what was deleted is not in the file either


def _counted(database: sqlite3.Connection) -> dict[str, int]:
    count = "SELECT COUNT(*) FROM {}"
    return {name: database.execute(count.format(name)).fetchone()[0] for name in _tables(database)}


def _tables(database: sqlite3.Connection) -> list[str]:
    """Without those that SQLite keeps for itself and for its full-text search."""
    rows = database.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual')")
    return sorted(name for (name,) in rows if not name.startswith("sqlite_"))


def _migrations(database: sqlite3.Connection) -> Migrations:
    return list(database.execute("SELECT app, name FROM django_migrations ORDER BY id"))

"""Putting a backup back in place of what is there, and proving of a backup that this can be done."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from psycopg import sql

from chatsite.backup import BackupError, making
from chatsite.backup.archive import Reader, opened
from chatsite.backup.databases import keeper
from chatsite.backup.manifest import Manifest
from chatsite.backup.sealing import unseal
from chatsite.supervisor.preflight import StartError, lock

Say = Callable[[str], None]


def restore(path: Path, say: Say, passphrase: str = "", *, fresh: bool = False) -> None:
    """Replace the database by the backup's, and with a passphrase the secret key by the sealed one.

    What is there is kept in a backup of its own first, under the same passphrase; with ``fresh`` nothing may be there.
    Raises BackupError.
    """
    with opened(path) as reader, _stopped():
        _check_vendor(reader.manifest)
        say("Checking the backup")
        reader.check()
        key = _sealed_key(reader, passphrase, say)
        has_data = not keeper().is_empty()
        if has_data and fresh:
            raise BackupError("The database is not empty, and what is in it would be replaced.")
        keeper().check_alone()
        if has_data:
            say(f"What was there is kept in {making.make(settings.BACKUP_DIR / 'replaced', passphrase)}")
        say(f"Putting back the database of {reader.manifest.made_at}")
        keeper().load(reader)
        call_command("migrate", interactive=False, verbosity=0)
        _compare(reader.manifest)
        _put_back(key, say)
        _forget_redis()


def verify(path: Path, say: Say, scratch: str = "") -> Manifest:
    """Check the sums, restore into a scratch database, and count its rows. Raises BackupError.

    ``scratch`` is the URL of an empty PostgreSQL database; without one, it is made beside the site's and dropped.
    """
    with opened(path) as reader:
        manifest = reader.manifest
        reader.check()
    _check_vendor(manifest)
    say("The sums are right. Restoring into a scratch database")
    with tempfile.TemporaryDirectory(prefix="chatsite-verify-") as folder, _scratch(scratch) as url:
        environment = {**os.environ, "CHATSITE_DATA_DIR": folder, "DATABASE_URL": url, "CHATSITE_SECRET_KEY": "scratch"}
        environment |= {"DJANGO_SETTINGS_MODULE": "chatsite.settings", "REDIS_URL": ""}
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "restore", "--fresh", str(path.resolve())]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"The backup cannot be restored: {(done.stderr or done.stdout).strip()[-2000:]}")
    return manifest


def _check_vendor(manifest: Manifest) -> None:
    if manifest.vendor != connection.vendor:
        raise BackupError(
            f"The backup is of {manifest.vendor}, this site's database is {connection.vendor}. See DATABASE_URL."
        )


def _compare(manifest: Manifest) -> None:
    """Each table has the rows it had. Those that migrations since have changed may differ; then it says nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM django_migrations")
        if cursor.fetchone()[0] != len(manifest.migrations):
            return
        for table, expected in manifest.rows.items():
            try:
                cursor.execute(f'SELECT COUNT(*) FROM "{table}"')  # noqa: S608 - a table that was just made
            except DatabaseError:
                raise BackupError(f"The backup is damaged: it counts the rows of {table}, which is no table.") from None
            if (found := cursor.fetchone()[0]) < expected:
                raise BackupError(f"The restored table {table} has {found} rows; the backup has {expected}.")


def _sealed_key(reader: Reader, passphrase: str, say: Say) -> str:
    """The secret key in the backup; empty without a passphrase. Raises BackupError for a wrong one."""
    sealed = reader.secrets()
    if not passphrase:
        if sealed:
            say("The secret key in it stays sealed: no --passphrase-file was given.")
        return ""
    if sealed is None:
        raise BackupError("There is a passphrase, but no secrets are in this backup.")
    return unseal(sealed, passphrase).decode()


def _put_back(key: str, say: Say) -> None:
    if key in {"", settings.SECRET_KEY}:
        return
    place = settings.DATA_DIR / "secret_key"
    draft = place.with_suffix(".restored")
    draft.touch(mode=0o600)
    draft.write_text(key)
    draft.replace(place)
    say(f"The secret key is put back in {place}. Remove CHATSITE_SECRET_KEY and CHATSITE_SECRET_KEY_FILE if set.")


def _forget_redis() -> None:
    """Live texts and queues of the site that was. What is unfinished goes on from its row."""
    if settings.REDIS_IS_EMBEDDED:
        shutil.rmtree(settings.DATA_DIR / "redis", ignore_errors=True)


@contextmanager
def _stopped() -> Iterator[None]:
    """No supervisor runs on the data folder, nor begins to."""
    try:
        held = lock(settings.DATA_DIR)
    except StartError as error:
        raise BackupError(f"The site is running: {error}") from None
    with held:
        yield


@contextmanager
def _scratch(given: str) -> Iterator[str]:
    """The URL of a database to restore into; empty for SQLite, whose file will lie in the scratch data folder."""
    if connection.vendor == "sqlite" or given:
        yield given
        return
    name = f"chatsite_verify_{uuid4().hex[:12]}"
    try:
        _outside(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege:
        raise BackupError(
            "The site's user may not create databases. Name an empty one: --scratch postgres://user:password@host/name"
        ) from None
    try:
        yield _url(name)
    finally:
        _outside(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _outside(statement: sql.Composed) -> None:
    """In no transaction."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as own:
        own.execute(statement)


def _url(name: str) -> str:
    known = connection.settings_dict
    who = quote(known["USER"], safe="") + (f":{quote(known['PASSWORD'], safe='')}" if known["PASSWORD"] else "")
    host, port = known["HOST"], f":{known['PORT']}" if known["PORT"] else ""
    if host.startswith("/"):  # a socket
        return f"postgres://{who}@{port}/{host}/{name}"
    return f"postgres://{who}@{host}{port}/{name}"

"""A backup is made while the site serves, holds no sessions and no open secret, and can be restored."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings as site
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from audit.log import record
from chatsite.backup import BackupError, archive, making, manifest, restoring, sqlite
from chatsite.backup.manifest import Manifest
from chatsite.backup.sealing import seal, unseal
from chatsite.supervisor.preflight import lock
from conversations.models import Conversation, Message

PASSPHRASE = "correct horse battery"


@pytest.fixture
def made(tmp_path: Path, transactional_db: None) -> Path:
    """A backup of a site on which Alice is signed in and has said something."""
    alice = User.objects.create_user("alice", "alice@example.org", "alice's password")
    talk = Conversation.objects.create(owner=alice, client_id=uuid4(), title="Whales", length=1)
    Message.objects.create(conversation=talk, position=0, role="user", text="How old do whales get? \\ \t 鯨")
    record("policy.changed", actor=alice)
    Client().force_login(alice)
    return making.make(tmp_path / "kept", PASSPHRASE)


def test_backup_can_be_restored_and_has_every_row(made: Path) -> None:
    said: list[str] = []
    manifest = restoring.verify(made, said.append)
    assert manifest.rows["accounts_user"] == User.objects.count() == 1
    assert manifest.rows["conversations_message"] == 1
    assert manifest.rows["audit_entry"] == 2  # with the sign-in
    assert manifest.rows["django_migrations"] == len(manifest.migrations)


def test_backup_holds_no_session_and_no_open_secret(made: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM django_session")
        assert cursor.fetchone()[0] == 1
    with archive.opened(made) as reader:
        assert reader.manifest.rows["django_session"] == 0
        sealed = reader.secrets()
        whole = b"".join(part for name in reader.manifest.files for part in reader.parts(name))
    assert sealed is not None
    assert unseal(sealed, PASSPHRASE) == site.SECRET_KEY.encode()
    assert site.SECRET_KEY.encode() not in whole
    assert b"How old do whales get?" in whole
    assert made.stat().st_mode & 0o077 == 0


def test_key_is_put_back_and_the_one_before_is_kept(made: Path, tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("keys are the same whatever the database")
    data, phrase = tmp_path / "data", tmp_path / "passphrase"
    data.mkdir()
    (data / "secret_key").write_text("the key before")
    phrase.write_text(f"{PASSPHRASE}\n")
    with archive.opened(made) as reader:
        reader.extract("database.sqlite3", data / "chatsite.sqlite3")
    manage(data, "restore", str(made), "--passphrase-file", str(phrase))
    assert (data / "secret_key").read_text() == site.SECRET_KEY
    assert (data / "secret_key").stat().st_mode & 0o077 == 0
    (kept,) = archive.kept_in(data / "backups" / "replaced")
    with archive.opened(kept) as reader:
        assert unseal(reader.secrets() or b"", PASSPHRASE) == b"the key before"
        assert reader.manifest.rows["accounts_user"] == 1


def manage(data: Path, *command: str) -> None:
    """On another site, in another process."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("CHATSITE_")}
    environment = {**others, "CHATSITE_DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "chatsite.settings"}
    environment |= {"DATABASE_URL": "", "REDIS_URL": ""}
    called = [sys.executable, str(site.BASE_DIR / "manage.py"), *command]
    done = subprocess.run(called, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_must_be_empty_is_left_as_it_is(made: Path) -> None:
    with pytest.raises(BackupError, match="not empty"):
        restoring.restore(made, lambda _: None, fresh=True)
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_without_a_passphrase_there_are_no_secrets(tmp_path: Path) -> None:
    with archive.opened(making.make(tmp_path)) as reader:
        assert reader.secrets() is None


def test_secrets_open_with_their_passphrase_only() -> None:
    sealed = seal(b"key", PASSPHRASE)
    with pytest.raises(BackupError, match="another passphrase"):
        unseal(sealed, PASSPHRASE + "s")
    with pytest.raises(BackupError, match="another passphrase"):
        unseal(sealed[:-1] + b"?", PASSPHRASE)
    with pytest.raises(BackupError, match="at least 12"):
        seal(b"key", "short")


def test_damage_is_seen(made: Path) -> None:
    damaged = made.with_name("damaged.zip")
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(damaged, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            new.writestr(name, body if name in {archive.MANIFEST, archive.SECRETS} else body[:-1] + b"?")
    with pytest.raises(BackupError, match="not what was written"):
        restoring.verify(damaged, lambda _: None)
    with zipfile.ZipFile(damaged, "a") as new:
        new.writestr("more", b"")
    with pytest.raises(BackupError, match="more should be there, or should not"), archive.opened(damaged) as reader:
        reader.check()


def test_what_is_no_backup_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no file"):
        call_command("verify_backup", tmp_path / "nothing")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(CommandError, match="not a backup of this site"):
        call_command("verify_backup", tmp_path / "text")
    with zipfile.ZipFile(tmp_path / "zip", "w") as other:
        other.writestr(archive.MANIFEST, '{"format": "other"}')
    with pytest.raises(CommandError, match="chatsite/backup"):
        call_command("restore", tmp_path / "zip")


@pytest.mark.parametrize(
    ("part", "value", "named"),
    [
        ("migrations", "none", "migrations in its manifest is not a list of pairs"),
        ("migrations", [["accounts"]], "migrations in its manifest is not a list of pairs"),
        ("migrations", [["accounts", 1]], "migrations in its manifest is not a list of pairs"),
        ("rows", [1], "rows in its manifest is not an object with a count of rows"),
        ("rows", {"accounts_user": "many"}, "rows in its manifest is not an object with a count of rows"),
        ("rows", {"accounts_user": True}, "rows in its manifest is not an object with a count of rows"),
        ("columns", {"accounts_user": "id"}, "columns in its manifest is not an object with a list of columns"),
        ("files", {"database.sqlite3": None}, "files in its manifest is not an object with a SHA-256"),
        ("vendor", None, "vendor in its manifest is not a text"),
        ("made_at", 5, "made_at in its manifest is not a text"),
        ("version", [], "of version"),
    ],
)
def test_a_manifest_of_another_shape_says_where(tmp_path: Path, part: str, value: object, named: str) -> None:
    whole = asdict(Manifest("sqlite", "then", [("accounts", "0001_initial")], {"accounts_user": 1}))
    assert manifest.read(json.loads(json.dumps(whole))) == Manifest(**whole)
    for command in ("verify_backup", "restore"):
        with zipfile.ZipFile(tmp_path / "zip", "w") as other:
            other.writestr(archive.MANIFEST, json.dumps(whole | {part: value}))
        with pytest.raises(CommandError, match=named):
            call_command(command, tmp_path / "zip")


def test_a_manifest_that_lacks_a_part_or_is_too_deep_says_so(tmp_path: Path) -> None:
    for text, named in (
        ('{"format": "chatsite/backup", "version": 1}', "has no vendor"),
        ("[" * 100_000, "not a backup"),
    ):
        with zipfile.ZipFile(tmp_path / "zip", "w") as other:
            other.writestr(archive.MANIFEST, text)
        with pytest.raises(CommandError, match=named):
            call_command("restore", tmp_path / "zip")


@pytest.mark.django_db
def test_a_backup_without_its_tables_is_damaged(tmp_path: Path) -> None:
    archive.Writer(tmp_path / "one").finish(Manifest(connection.vendor, "then", [], {}, {"accounts_user": ["id"]}))
    with archive.opened(tmp_path / "one") as reader, pytest.raises(BackupError, match="accounts_user should be there"):
        list(reader.parts("tables/accounts_user"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        counted = Manifest(connection.vendor, "then", cursor.fetchall(), {"no_table": 1})
    with pytest.raises(BackupError, match="no_table, which is no table"), transaction.atomic():
        restoring._compare(counted)


@pytest.mark.django_db
def test_backup_of_another_database_is_refused(tmp_path: Path) -> None:
    other = "postgresql" if connection.vendor == "sqlite" else "sqlite"
    archive.Writer(tmp_path / "other").finish(Manifest(other, "then", [], {}))
    with pytest.raises(BackupError, match=f"of {other}, this site's database is {connection.vendor}"):
        restoring.restore(tmp_path / "other", lambda _: None)


@pytest.mark.django_db
def test_nothing_is_restored_while_the_site_runs(tmp_path: Path) -> None:
    archive.Writer(tmp_path / "one").finish(Manifest(connection.vendor, "then", [], {}))
    with lock(site.DATA_DIR), pytest.raises(BackupError, match="The site is running"):
        restoring.restore(tmp_path / "one", lambda _: None)


@pytest.mark.django_db
def test_the_copy_of_a_killed_backup_goes(tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's backups make no copy")
    data = sqlite.place().parent
    left, mine = data / "backup-x7_abc12", data / "backup-20260101"
    for folder, name in ((left, sqlite.FILE), (left, f"{sqlite.FILE}-journal"), (mine, "chatsite-1.backup.zip")):
        folder.mkdir(exist_ok=True)
        (folder / name).touch()
    with (data / sqlite.LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BackupError, match="Another backup is being made"):
            making.make(tmp_path)
        assert left.exists()  # it may be the other's
    making.make(tmp_path)
    assert list(data.glob("backup-*")) == [mine]
    shutil.rmtree(mine)


@pytest.mark.django_db
def test_the_oldest_go(tmp_path: Path, settings: Settings) -> None:
    settings.BACKUPS_KEPT = 2
    (tmp_path / "mine.zip").touch()
    names = [archive.new_name(datetime(2026, 1, day, tzinfo=UTC)) for day in (3, 1, 2)]
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / f"{names[0]}.part").touch()  # of one that was killed
    new = making.make(tmp_path)
    assert archive.kept_in(tmp_path) == [tmp_path / names[0], new]
    assert (tmp_path / "mine.zip").exists()
    assert not list(tmp_path.glob("*.part"))


def test_one_is_due_when_the_newest_is_old(tmp_path: Path, settings: Settings) -> None:
    now = datetime.now(UTC)
    assert not making.is_due(tmp_path, now)  # no schedule
    settings.BACKUP_HOURS = 24
    assert making.is_due(tmp_path, now)
    (tmp_path / archive.new_name(now)).touch()
    assert not making.is_due(tmp_path, now + timedelta(hours=23))
    assert making.is_due(tmp_path, now + timedelta(hours=25))


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match=r"No backup was made in .*file"):
        call_command("backup", to=tmp_path / "file")
    with pytest.raises(CommandError, match="passphrase cannot be read"):
        call_command("backup", passphrase_file=tmp_path / "none")

"""Making a backup, and how many are kept."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

from chatsite.backup import BackupError
from chatsite.backup.archive import SECRETS, Writer, kept_in, new_name
from chatsite.backup.databases import keeper
from chatsite.backup.sealing import seal


def make(folder: Path, passphrase: str = "") -> Path:
    """A new backup in ``folder``, complete when it has its name; then those beyond ``CHATSITE_BACKUPS_KEPT`` go.

    With a passphrase the secret key is in it, sealed; else it is left out. Raises BackupError.
    """
    try:
        with _alone(folder):
            path = _write(folder, passphrase)
            prune(folder)
    except OSError as error:
        raise BackupError(f"No backup was made in {folder}: {error.strerror}.") from error
    return path


def prune(folder: Path) -> list[Path]:
    """Remove the oldest; which ones."""
    old = kept_in(folder)[: -settings.BACKUPS_KEPT]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def is_due(folder: Path, now: datetime) -> bool:
    """Whether the newest backup is older than the schedule allows."""
    if not settings.BACKUP_HOURS:
        return False
    made = [path.stat().st_mtime for path in kept_in(folder)]
    return not made or now - datetime.fromtimestamp(max(made), UTC) >= timedelta(hours=settings.BACKUP_HOURS)


def passphrase_from(path: Path | None) -> str:
    """The first line of a file. Raises BackupError when there is none."""
    if path is None:
        return ""
    try:
        return path.read_text().partition("\n")[0].strip()
    except OSError as error:
        raise BackupError(f"The passphrase cannot be read from {path}: {error.strerror}.") from error


def _write(folder: Path, passphrase: str) -> Path:
    now = datetime.now(UTC)
    path = folder / new_name(now)
    part = path.with_suffix(".part")
    try:
        part.touch(mode=0o600, exist_ok=False)
        writer = Writer(part)
        if passphrase:
            writer.add(SECRETS, [seal(settings.SECRET_KEY.encode(), passphrase)])
        writer.finish(keeper().dump(writer, now.isoformat()))
        _on_disk(part)
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _on_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One backup at a time in one folder."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"Another backup is being made in {folder}.") from None
        for left in folder.glob("chatsite-*.part"):  # of one that was killed
            left.unlink()
        yield

"""The file a backup is: a zip of the database, a manifest that says what must be in it, and perhaps sealed secrets."""

import hashlib
import json
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from chatsite.backup import BackupError, manifest
from chatsite.backup.manifest import Manifest

MANIFEST, SECRETS = "manifest.json", "secrets.sealed"
BEGINS, ENDS = "chatsite-", ".backup.zip"
PART = 1 << 20
MOST_MANIFEST = 16 << 20
# RuntimeError: of a zip that is encrypted, packed in a way nobody knows, or nested too deep to be read.
UNREADABLE = (OSError, RuntimeError, zipfile.BadZipFile, zlib.error)


def new_name(now: datetime) -> str:
    return f"{BEGINS}{now.astimezone(UTC):%Y%m%dT%H%M%S%fZ}{ENDS}"


def kept_in(folder: Path) -> list[Path]:
    """The backups there, the oldest first: names go by time."""
    return sorted(folder.glob(f"{BEGINS}*{ENDS}"))


class Writer:
    """A backup that is being written. ``add`` streams into it; ``finish`` adds the manifest."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=3)
        self._files: dict[str, str] = {}

    def add(self, name: str, parts: Iterable[bytes | bytearray | memoryview]) -> None:
        digest = hashlib.sha256()
        with self._zip.open(name, "w", force_zip64=True) as entry:
            for part in parts:
                digest.update(part)
                entry.write(part)
        self._files[name] = digest.hexdigest()

    def finish(self, manifest: Manifest) -> None:
        told = asdict(manifest) | {"files": self._files}
        self._zip.writestr(MANIFEST, json.dumps(told, indent=1, sort_keys=True))
        self._zip.close()


class Reader:
    """A backup that is there. Raises BackupError for a file that is none."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
            if self._zip.getinfo(MANIFEST).file_size > MOST_MANIFEST:
                raise BackupError("its manifest is too large")
            self.manifest = manifest.read(json.loads(self._zip.read(MANIFEST)))
        except FileNotFoundError:
            raise BackupError(f"There is no file {path}.") from None
        except (*UNREADABLE, KeyError, ValueError, BackupError) as error:
            raise BackupError(f"{path} is not a backup of this site: {error}.") from error

    def check(self, seen: Callable[[str], None] = lambda name: None) -> None:
        """Raises BackupError where a file is not what was written."""
        files = self.manifest.files
        if missing := set(files) ^ (set(self._zip.namelist()) - {MANIFEST}):
            raise BackupError(f"The backup is damaged: {', '.join(sorted(missing))} should be there, or should not.")
        for name, expected in files.items():
            digest = hashlib.sha256()
            try:
                for part in self.parts(name):
                    digest.update(part)
            except UNREADABLE as error:
                raise BackupError(f"The backup is damaged: {name} cannot be read: {error}.") from error
            if digest.hexdigest() != expected:
                raise BackupError(f"The backup is damaged: {name} is not what was written.")
            seen(name)

    def parts(self, name: str) -> Iterator[bytes]:
        """Raises BackupError where there is no such file in it."""
        with self._entry(name) as entry:
            yield from _parts(entry)

    def extract(self, name: str, to: Path) -> None:
        with self._entry(name) as entry, to.open("wb") as file:
            to.chmod(0o600)
            shutil.copyfileobj(entry, file, PART)

    def secrets(self) -> bytes | None:
        return self._zip.read(SECRETS) if SECRETS in self._zip.namelist() else None

    def close(self) -> None:
        self._zip.close()

    def _entry(self, name: str) -> IO[bytes]:
        try:
            return self._zip.open(name)
        except KeyError:
            raise BackupError(f"The backup is damaged: {name} should be there.") from None


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    reader = Reader(path)
    try:
        yield reader
    finally:
        reader.close()


def parts_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _parts(file)


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    while part := file.read(PART):
        yield part

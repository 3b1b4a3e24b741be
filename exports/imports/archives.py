"""Zip archives of other people's making: read entry by entry, never unpacked to a disk, and no further than allowed."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, BinaryIO, NamedTuple, cast

from exports.imports.bounds import LONGEST_DIRECTORY, MB, MOST_FILES, MOST_PACKED, USUAL_MB, Bounds
from exports.imports.refusals import Unreadable

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"\x28\xb5\x2f\xfd")
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ARCHIVES = (".zip", ".gz", ".tgz", ".tar", ".7z", ".rar", ".bz2", ".xz", ".zst")
READ = (".json", ".jsonl")
ABOUT = frozenset({"manifest.json", "export.json"})  # of our own exports: about the files beside them

_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error, UnicodeDecodeError, ValueError)


class Opened(NamedTuple):
    """A file with conversations; ``name`` is empty for one that is in no archive."""

    name: str
    stream: BinaryIO


def opened(file: BinaryIO, bounds: Bounds) -> Iterator[Opened]:
    """The files with conversations, one after the other. Raises Unreadable, also while a stream is read."""
    size = file.seek(0, 2)
    if size > bounds.file:
        raise Unreadable("too_large", allowed=bounds.file // MB)
    file.seek(0)
    begins = file.read(6)
    if begins.startswith(COMPRESSED):
        raise Unreadable("compressed")
    file.seek(0)
    if not begins.startswith(ZIP):
        yield Opened("", file)
        return
    with _told(), zipfile.ZipFile(cast("IO[bytes]", _Sparing(file))) as archive:
        if len(archive.filelist) > MOST_FILES:
            raise Unreadable("too_many_files", allowed=MOST_FILES)
        left = _Left(bounds.unpacked)
        for info in _chosen(archive.infolist()):
            with archive.open(info) as stream:
                yield Opened(info.filename, cast("BinaryIO", _Metered(stream, info, left)))


def _chosen(infos: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """Those with conversations in them; refuse what no program of these makes."""
    for info in infos:
        _check_name(info.filename)
    files = [info for info in infos if not info.is_dir()]
    found = [info for info in files if _suffix(info) in READ and _base(info) not in ABOUT]
    chosen = [info for info in found if _base(info).startswith("conversations")] or found
    if not chosen:
        raise Unreadable("nested" if any(_suffix(info) in ARCHIVES for info in files) else "no_conversations")
    for info in chosen:
        if info.flag_bits & 1:
            raise Unreadable("encrypted")
        if info.compress_type not in METHODS:
            raise Unreadable("broken_zip", reason=f"compression method {info.compress_type}")
    return chosen


def _check_name(name: str) -> None:
    """Nothing is written under these names, but an archive that has such a one was made to do harm."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or name[1:2] == ":":
        raise Unreadable("names", name=name[:80])


def _base(info: zipfile.ZipInfo) -> str:
    return PurePosixPath(info.filename).name.lower()


def _suffix(info: zipfile.ZipInfo) -> str:
    return PurePosixPath(info.filename).suffix.lower()


@contextmanager
def _told() -> Iterator[None]:
    """What ``zipfile`` says of a damaged archive, as our own."""
    try:
        yield
    except Unreadable:
        raise
    except (*_BROKEN, RuntimeError, OSError) as error:
        raise Unreadable("broken_zip", reason=str(error)[:120]) from error


class _Sparing:
    """The archive as ``zipfile`` reads it: its directory at once, of which it makes objects before anybody can ask.

    How long that is, an archive says in several places; what counts is how much is then read.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size > LONGEST_DIRECTORY:
            raise Unreadable("too_many_files", allowed=MOST_FILES)
        return self._file.read(size)


class _Left:
    """Bytes that all files of the archive together may still have."""

    def __init__(self, most: int) -> None:
        self.most = self.left = most


class _Metered:
    """A file of an archive that counts what it gives, whatever the archive says of its size."""

    def __init__(self, stream: IO[bytes], info: zipfile.ZipInfo, left: _Left) -> None:
        self._stream, self._info, self._left = stream, info, left
        self._given = 0

    def read(self, size: int) -> bytes:
        data = b""
        with _told():
            data = self._stream.read(size)
        self._given += len(data)
        self._left.left -= len(data)
        if self._left.left < 0:
            raise Unreadable("unpacked", allowed=self._left.most // MB)
        if self._given > max(USUAL_MB * MB, MOST_PACKED * self._info.compress_size):
            raise Unreadable("ratio", name=self._info.filename[:80], allowed=MOST_PACKED)
        return data

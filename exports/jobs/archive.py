"""A zip on its way to the disk: entries one after another, each hashed as it is written, and a manifest of them.

The same rows give the same bytes: entries have no time of their own, and what differs from run to run is in
``export.json``, of which the manifest knows nothing.
"""

import hashlib
import io
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, Self

from exports.forms.lines import line
from exports.jobs.merkle import Tree

MANIFEST, ABOUT, ITEMS = "manifest.json", "export.json", "items.jsonl"
FORMAT, VERSION = "chatsite/export", 1
NEVER = (1980, 1, 1, 0, 0, 0)
AT_ONCE = 1 << 18  # bytes


class Entry(io.RawIOBase):
    """What is written to it is in the zip, and counted and hashed."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._hash = hashlib.sha256()
        self._bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._hash.update(data)
        self._bytes += len(data)
        return self._out.write(data)

    def tell(self) -> int:
        return self._bytes

    def described(self, path: str) -> bytes:
        return line({"path": path, "bytes": self._bytes, "sha256": self._hash.hexdigest()})


class Archive:
    """As a context it is complete at its end: asides, manifest, on the disk. After an error nothing is left of it."""

    def __init__(self, path: Path, about: dict[str, Any], made: dict[str, Any]) -> None:
        """``about`` goes into ``export.json``; ``made``, the form and its options, into the manifest."""
        self._path = path
        self._about = about
        self._made = made
        self._stack = ExitStack()
        self._asides: dict[str, BinaryIO] = {}
        self._tree = Tree()
        self.conversations = 0

    def __enter__(self) -> Self:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = self._stack.enter_context(os.fdopen(descriptor, "w+b"))
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED)
        self._files = self._temporary()
        self._items = self.aside(ITEMS)
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        with self._stack:
            if kind is None:
                self._finish()
            else:
                with suppress(OSError, ValueError):  # the disk may be full; nothing of it is kept
                    self._zip.close()
                self._path.unlink(missing_ok=True)

    @contextmanager
    def entry(self, path: str) -> Iterator[Entry]:
        """One file of the zip. Only one is open at a time."""
        with self._zip.open(self._info(path), "w", force_zip64=True) as out:
            entry = Entry(out)
            yield entry
        self._files.write(entry.described(path))

    def aside(self, path: str) -> BinaryIO:
        """A file of the zip that is written beside others: it waits on the disk, and is put in at the end."""
        self._asides[path] = self._temporary()
        return self._asides[path]

    def count(self, conversation: Any, items: Any) -> None:
        """One conversation with these messages is in the archive: leaves of the tree."""
        self.conversations += 1
        for item in items:
            leaf = line({"conversation": conversation, "message": item.id, "sha256": item.sha256})
            self._tree.add(leaf.rstrip(b"\n"))
            self._items.write(leaf)

    @property
    def messages(self) -> int:
        return self._tree.leaves

    @property
    def root(self) -> str:
        return self._tree.root()

    def _finish(self) -> None:
        for path, aside in self._asides.items():
            with self.entry(path) as out:
                _copy(aside, out)
        self._write_manifest()
        self._zip.writestr(self._info(ABOUT), line(self._about))
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())

    def _write_manifest(self) -> None:
        head = {
            "format": FORMAT,
            "version": VERSION,
            "made": self._made,
            "conversations": self.conversations,
            "messages": self.messages,
            "root": self.root,
        }
        with self._zip.open(self._info(MANIFEST), "w") as out:
            out.write(line(head).removesuffix(b"}\n") + b',"files":[')
            self._files.seek(0)
            for number, row in enumerate(self._files):
                out.write((b",\n" if number else b"\n") + row.rstrip(b"\n"))
            out.write(b"\n]}\n")

    def _temporary(self) -> BinaryIO:
        folder = self._path.parent
        return self._stack.enter_context(tempfile.TemporaryFile(dir=folder))

    @staticmethod
    def _info(path: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(path, NEVER)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        return info


def _copy(source: BinaryIO, out: Entry) -> None:
    source.seek(0)
    while data := source.read(AT_ONCE):
        out.write(data)

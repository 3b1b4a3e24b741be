"""A file that can be downloaded, and what it must be."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Source:
    """``digest`` is the file's SHA-256, or the id by which git names it, which is a SHA-1 of size and bytes."""

    name: str
    url: str
    digest: str
    size: int | None = None  # bytes, where the source says so before
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_git_id(self) -> bool:
        return len(self.digest) == 40

    def digest_of(self, file: Path) -> str:
        """What the file on this machine hashes to, the same way."""
        if self.is_git_id:
            hashed = hashlib.sha1(f"blob {file.stat().st_size}\0".encode(), usedforsecurity=False)
        else:
            hashed = hashlib.sha256()
        for chunk in _chunks(file):
            hashed.update(chunk)
        return hashed.hexdigest()


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk

"""Whether an export is as it was written: every file, every message's hash, and the one hash of all of them."""

import hashlib
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from uuid import UUID
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812 - an exception

from exports.jobs.archive import ABOUT, AT_ONCE, FORMAT, ITEMS, MANIFEST, VERSION
from exports.jobs.merkle import Tree
from exports.records import Item

NATIVE = "conversations.jsonl"
NOBODY = UUID(int=0)
LARGEST_MANIFEST = 256 << 20  # bytes
LONGEST_LINE = 64 << 20  # bytes


class NotAnExport(ValueError):  # noqa: N818 - an answer
    """It cannot be read as one; the text says why."""


@dataclass(slots=True)
class Verdict:
    """``faults``: a line each; empty where all is well."""

    root: str = ""
    conversations: int = 0
    messages: int = 0
    files: int = 0
    faults: list[str] = field(default_factory=list)


def verify(path: Path) -> Verdict:
    """Read all of it. Raises NotAnExport or OSError."""
    try:
        with ZipFile(path) as archive:
            return _verdict(archive)
    except (BadZipFile, ZlibError, EOFError, zipfile.LargeZipFile) as error:
        raise NotAnExport(f"It is no whole zip: {error}") from error


def _verdict(archive: ZipFile) -> Verdict:
    manifest = _manifest(archive)
    verdict = Verdict(str(manifest.get("root")), files=len(manifest["files"]))
    listed = {one["path"]: one for one in manifest["files"]}
    names = archive.namelist()
    verdict.faults += [f"{name} is there more than once" for name, times in Counter(names).items() if times > 1]
    for name in sorted(set(names) - {MANIFEST, ABOUT} - listed.keys()):
        verdict.faults.append(f"{name} is not in the manifest")
    for name in sorted(listed.keys() - set(names)):
        verdict.faults.append(f"{name} is missing")
    for name in listed.keys() & set(names):
        _check_file(archive, listed[name], verdict)
    try:
        _check_items(archive, manifest, verdict)
    except (ValueError, KeyError, TypeError, AttributeError):  # whatever somebody put there in place of messages
        verdict.faults.append(f"{ITEMS} or {NATIVE} cannot be read")
    return verdict


def _manifest(archive: ZipFile) -> dict[str, Any]:
    try:
        if archive.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
            raise NotAnExport(f"{MANIFEST} is larger than {LARGEST_MANIFEST >> 20} MB.")
        manifest: Any = json.loads(archive.read(MANIFEST))
    except (KeyError, ValueError) as error:
        raise NotAnExport(f"It has no {MANIFEST} that can be read.") from error
    is_ours = isinstance(manifest, dict) and (manifest.get("format"), manifest.get("version")) == (FORMAT, VERSION)
    files = manifest.get("files") if is_ours else None
    if not isinstance(files, list) or not all(isinstance(one, dict) and "path" in one for one in files):
        raise NotAnExport(f"{MANIFEST} is not of {FORMAT}, version {VERSION}.")
    found: dict[str, Any] = manifest
    return found


def _check_file(archive: ZipFile, told: dict[str, Any], verdict: Verdict) -> None:
    found, size = hashlib.sha256(), 0
    with archive.open(told["path"]) as file:
        while data := file.read(AT_ONCE):
            found.update(data)
            size += len(data)
    if (size, found.hexdigest()) != (told.get("bytes"), told.get("sha256")):
        verdict.faults.append(f"{told['path']} is not what was written")


def _check_items(archive: ZipFile, manifest: dict[str, Any], verdict: Verdict) -> None:
    """The tree is made again from its leaves; leaves of complete conversations from what was said."""
    tree, last = Tree(), None
    said = _said(archive)
    for leaf in _lines(archive, ITEMS):
        tree.add(leaf)
        item = json.loads(leaf)
        if item["conversation"] != last:
            verdict.conversations, last = verdict.conversations + 1, item["conversation"]
        if said is not None and next(said, None) != item:
            verdict.faults.append(f"message {item['message']} is not what was said")
            said = None  # one of them is enough: after it nothing is in its place
    if said is not None and next(said, None) is not None:
        verdict.faults.append(f"{NATIVE} has more messages than {ITEMS}")
    verdict.messages = tree.leaves
    if tree.root() != manifest.get("root") or tree.leaves != manifest.get("messages"):
        verdict.faults.append("the Merkle root is another")


def _said(archive: ZipFile) -> Iterator[dict[str, str]] | None:
    """The leaves as the conversations themselves have them; None in forms that do not tell all of a message."""
    if NATIVE not in archive.namelist():
        return None
    return (
        {"conversation": record["id"], "message": item["id"], "sha256": _sha256(item)}
        for record in map(json.loads, _lines(archive, NATIVE))
        for item in record["messages"]
    )


def _sha256(item: dict[str, Any]) -> str:
    return Item(NOBODY, 0, item["role"], item["text"], reasoning=item["reasoning"] or "").sha256


def _lines(archive: ZipFile, name: str) -> Iterator[bytes]:
    try:
        file: IO[bytes] = archive.open(name)
    except KeyError:
        return
    with file:
        while line := file.readline(LONGEST_LINE):
            yield line.rstrip(b"\n")

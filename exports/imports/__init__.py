"""Conversations of other programs, and our own, read from a file: each is a ``Record``, or is ``Bad`` and says why.

A source is a module: ``NAME``, ``recognises`` (an object of JSON), and ``conversation``, which makes the record of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, BinaryIO, Protocol, cast

import orjson

from exports.imports.archives import opened
from exports.imports.bounds import Bounds
from exports.imports.fields import line
from exports.imports.refusals import Bad, Unfit, Unreadable
from exports.imports.splitting import Piece, pieces
from exports.records import Record

AUTO = "auto"
SOURCES = {
    "chatsite": "exports.imports.native",
    "chatgpt": "exports.imports.chatgpt",
    "open-webui": "exports.imports.open_webui",
    "librechat": "exports.imports.librechat",
}
LABELS = {"chatsite": "Chatsite", "chatgpt": "ChatGPT", "open-webui": "Open WebUI", "librechat": "LibreChat"}

# Half of a pair, where a program cut a text in the middle of a character
_ESCAPES = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)")


class Source(Protocol):
    NAME: str

    def recognises(self, value: dict[str, Any]) -> bool: ...
    def conversation(self, value: dict[str, Any], bounds: Bounds) -> Record: ...


@dataclass(frozen=True, slots=True)
class Found:
    """A conversation, the program it comes from, and where it was."""

    source: str
    record: Record
    entry: str
    number: int
    offset: int


def read(file: BinaryIO, bounds: Bounds, source: str = AUTO) -> Iterator[Found | Bad]:
    """All conversations of a file, one in memory at a time. Raises Unreadable for one of which nothing more is read."""
    sources = [cast("Source", import_module(path)) for name, path in SOURCES.items() if source in (AUTO, name)]
    count = 0
    for name, stream in opened(file, bounds):
        for piece in pieces(stream, bounds.conversation):
            count += 1
            if count > bounds.conversations:
                raise Unreadable("too_many", allowed=bounds.conversations)
            yield _read(piece, name, sources, bounds)


def _read(piece: Piece, entry: str, sources: list[Source], bounds: Bounds) -> Found | Bad:
    title = ""
    try:
        value = _value(piece)
        title = line(value.get("title"), 60)
        for source in sources:
            if source.recognises(value):
                found = source.conversation(value, bounds)
                return Found(source.NAME, found, entry, piece.number, piece.offset)
        raise Unfit("unknown")
    except Unfit as unfit:
        return Bad(entry, piece.number, piece.offset, unfit.code, unfit.words, title)


def _value(piece: Piece) -> dict[str, Any]:
    if piece.code:
        raise Unfit(piece.code, allowed=piece.allowed)
    try:
        value = orjson.loads(piece.data)
    except orjson.JSONDecodeError:
        try:
            value = orjson.loads(_ESCAPES.sub(_mended, piece.data))
        except orjson.JSONDecodeError as error:
            raise Unfit("broken") from error
    if not isinstance(value, dict):
        raise Unfit("not_object")
    return value


def _mended(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape[1] else escape[0]

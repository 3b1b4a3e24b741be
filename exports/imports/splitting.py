"""A file of JSON, taken apart while it is read: one piece for each conversation, one of them in memory at a time.

It may be one object, objects one after the other (a line each, or not), or one list of objects. Only brackets, quotes
and line ends are looked at: a piece whose inside is wrong is skipped, and what comes after it is still found.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from exports.imports.bounds import DEEPEST, MB
from exports.imports.refusals import Unreadable

CHUNK = 1 << 18
BOM = b"\xef\xbb\xbf"
WIDE = (b"\xff\xfe", b"\xfe\xff")

_MARK = re.compile(rb'[\[\]{}"\n]')
_IN_STRING = re.compile(rb'[\\"\n]')
_BETWEEN = b" \t\r\n,"
_GOES_ON = b",[:"  # before a line that begins with a brace: no new piece


@dataclass(frozen=True, slots=True)
class Piece:
    """``number`` counts from 1, ``offset`` is its first byte in the file. Without data, ``code`` says why."""

    number: int
    offset: int
    data: bytes
    code: str = ""
    allowed: int = 0


def pieces(stream: BinaryIO, most: int) -> Iterator[Piece]:
    """The conversations of a file, none longer than ``most`` bytes. Raises Unreadable."""
    chunk, before = stream.read(CHUNK), 0
    if chunk[:2] in WIDE:
        raise Unreadable("encoding")
    if chunk.startswith(BOM):
        chunk, before = chunk[len(BOM) :], len(BOM)
    while chunk and not chunk.strip():
        chunk, before = stream.read(CHUNK), before + len(chunk)
    start = chunk.lstrip()[:1]
    if not start:
        raise Unreadable("empty")
    if start not in b"[{":
        raise Unreadable("not_json")
    splitter = _Splitter(most, in_list=start == b"[", at=before)
    while chunk:
        yield from splitter.feed(chunk)
        chunk = stream.read(CHUNK)
    yield from splitter.end()


class _Splitter:
    """Where it is: how deep, in a string or not, and what there is of the piece so far."""

    def __init__(self, most: int, *, in_list: bool, at: int) -> None:
        self._most = most
        self._base = int(in_list)  # the depth at which pieces lie
        self._at = at  # of the chunk that is read now
        self._chunk, self._from = b"", 0  # what is before ``_from`` is kept already
        self._depth, self._number, self._line = 0, 0, 0
        self._in_string = self._escaped = self._is_told = False
        self._begins: int | None = None  # of the piece that is read; None: between two
        self._parts: list[bytes] = []
        self._size, self._last = 0, b""
        self._wrong: tuple[str, int] | None = None
        self._ready: list[Piece] = []

    def feed(self, chunk: bytes) -> list[Piece]:
        """The pieces that end in this chunk."""
        self._chunk, self._from, self._ready = chunk, 0, []
        place, self._escaped = int(self._escaped), False
        while found := (_IN_STRING if self._in_string else _MARK).search(chunk, place):
            place = found.end()
            if not self._in_string:
                self._mark(found.group(), found.start())
            elif found.group() == b"\\":
                place += 1
                self._escaped = place > len(chunk)
            elif found.group() == b'"':
                self._in_string = False
            elif not self._base:  # no string goes on in the next line: what began it is broken
                self._give_up(found.start())
        self._keep(len(chunk))
        self._at += len(chunk)
        return self._ready

    def end(self) -> list[Piece]:
        self._ready = []
        if self._begins is not None:
            self._wrong = self._wrong or ("cut_off", 0)
            self._finish()
        elif self._depth:
            self._tell("cut_off", self._at)
        return self._ready

    def _mark(self, mark: bytes, at: int) -> None:
        if mark == b"\n":
            self._line = self._at + at + 1
        elif mark == b'"':
            self._in_string = True
        elif mark in b"[{":
            self._open(mark, at)
        elif self._depth:
            self._close(at)

    def _open(self, mark: bytes, at: int) -> None:
        if not self._base and self._begins is not None and mark == b"{" and self._line == self._at + at:
            self._keep(at)
            if self._last not in _GOES_ON:  # the line before it was broken off
                self._give_up(at)
        if self._begins is None:
            self._keep(at)
            if self._depth == self._base:
                self._begins, self._parts, self._size, self._wrong = self._at + at, [], 0, None
                self._is_told = False
            else:
                self._from = at + 1
        self._depth += 1
        if self._depth > DEEPEST + self._base:
            self._spoil("too_deep", DEEPEST)

    def _close(self, at: int) -> None:
        self._depth -= 1
        if self._begins is None:
            self._keep(at)
            self._from = at + 1
        elif self._depth == self._base:
            self._keep(at + 1)
            self._finish()

    def _keep(self, until: int) -> None:
        kept = self._chunk[self._from : until]
        begins, self._from = self._at + self._from, until
        if self._begins is None:
            if not self._is_told and (stray := kept.lstrip(_BETWEEN)):
                self._tell("not_object", begins + len(kept) - len(stray))
            return
        self._last = kept.rstrip()[-1:] or self._last
        self._size += len(kept)
        if self._size > self._most:
            self._spoil("too_large", self._most // MB)
        if self._wrong is None:
            self._parts.append(kept)

    def _spoil(self, code: str, allowed: int) -> None:
        if self._wrong is None:
            self._wrong, self._parts = (code, allowed), []

    def _give_up(self, at: int) -> None:
        """What was read so far is broken; look for the next piece."""
        self._keep(at)
        if self._begins is not None:
            self._wrong = self._wrong or ("broken", 0)
            self._finish()
            self._is_told = True  # the rest of it is no other piece
        self._depth, self._in_string = self._base, False

    def _finish(self) -> None:
        self._number += 1
        code, allowed = self._wrong or ("", 0)
        data = b"" if code else b"".join(self._parts)
        self._ready.append(Piece(self._number, self._begins or 0, data, code, allowed))
        self._begins, self._parts = None, []

    def _tell(self, code: str, offset: int) -> None:
        self._number += 1
        self._is_told = True
        self._ready.append(Piece(self._number, offset, b"", code))

"""Texts cut into pieces that are not cut again, and pieces packed into chunks of a number of tokens.

Every piece is counted by itself. A tokenizer makes of two texts together no more tokens than of each by itself, but for
rare exceptions at the seam, so the sum of its pieces is what a chunk has, or a little more.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

Count = Callable[[str], int]

# Where a text may be cut, best first: paragraphs, lines, sentences; then between words, in halves.
_SEAMS = tuple(re.compile(seam) for seam in (r"(?<=\n\n)(?!\n)", r"(?<=\n)(?!\n)", r"(?<=[.!?;] )|(?<=[。！？；])"))


class Piece(NamedTuple):
    text: str
    tokens: int
    source: int  # which of the texts


def pieces(texts: Iterable[str], most: int, count: Count) -> Iterator[Piece]:
    """All of the texts, in order, in paragraphs; those of more than ``most`` tokens are cut on, at the best places."""
    for source, text in enumerate(texts):
        for part, tokens in _cut(text, most, count, _SEAMS):
            yield Piece(part, tokens, source)


def pack(found: Iterable[Piece], size: int, overlap: int = 0) -> list[list[Piece]]:
    """Pieces in rows of at most ``size`` tokens, each row beginning with the last ``overlap`` tokens of the former."""
    rows: list[list[Piece]] = []
    row: list[Piece] = []
    taken = 0
    for piece in found:
        if row and taken + piece.tokens > size:
            rows.append(row)
            row = _tail(row, min(overlap, size - piece.tokens))
            taken = sum(one.tokens for one in row)
        row.append(piece)
        taken += piece.tokens
    return [*rows, row] if row else rows


def _tail(row: list[Piece], most: int) -> list[Piece]:
    at = len(row)
    while at and (most := most - row[at - 1].tokens) >= 0:
        at -= 1
    return row[max(at, 1) :]  # never all of it: no row is within another


def _cut(text: str, most: int, count: Count, seams: tuple[re.Pattern[str], ...]) -> Iterator[tuple[str, int]]:
    for part in filter(None, seams[0].split(text)):
        tokens = count(part)
        if tokens <= most:
            yield part, tokens
        elif len(seams) > 1:
            yield from _cut(part, most, count, seams[1:])
        else:
            yield from _halves(part, tokens, most, count)


def _halves(text: str, tokens: int, most: int, count: Count) -> Iterator[tuple[str, int]]:
    """At the space next to the middle, or in the middle of what has none, such as a long address."""
    if tokens <= most or len(text) == 1:
        yield text, tokens
        return
    middle = text.find(" ", len(text) // 2, len(text) - 1) + 1 or len(text) // 2
    for half in (text[:middle], text[middle:]):
        yield from _halves(half, count(half), most, count)

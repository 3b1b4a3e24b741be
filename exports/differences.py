"""What changed between two texts, word by word, for a reviewer's eyes; long texts are compared more coarsely."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import partial
from typing import NamedTuple

MOST_PARTS = 4_000  # in both texts together: words, of longer texts lines, and beyond that each as a whole

_WORD = re.compile(r"\s+|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]|\w+|[^\w\s]")


class Piece(NamedTuple):
    """A stretch of text that is in both, only in the old one ("del"), or only in the new one ("ins")."""

    kind: str
    text: str


def differences(old: str, new: str) -> list[Piece]:
    """The pieces in order. Those of the old one together are the old one; of the new one, the new one."""
    before, after = _parts(old, new)
    return list(_pieces(before, after))


def _parts(old: str, new: str) -> tuple[list[str], list[str]]:
    for cut in (_WORD.findall, partial(str.splitlines, keepends=True)):
        before, after = cut(old), cut(new)
        if len(before) + len(after) <= MOST_PARTS:
            return before, after
    return [old], [new]


def _pieces(before: list[str], after: list[str]) -> Iterator[Piece]:
    for tag, a, b, c, d in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal":
            yield Piece("", "".join(before[a:b]))
            continue
        if a < b:
            yield Piece("del", "".join(before[a:b]))
        if c < d:
            yield Piece("ins", "".join(after[c:d]))

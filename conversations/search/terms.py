"""What a text is found by: one function for both databases, and for what is looked for.

Words are folded as rules of moderation fold them: full-width and compatibility forms, case, accents, traditional to
simplified Chinese. Scripts without spaces between words become overlapping pairs of characters, and the last character
of a run by itself: 大模型。 is 大模, 模型, 型. So a word of two characters is one term, a longer one is terms in a
row, and a single character is the beginning of a term.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from moderation.normal import UNSPACED as UNSPACED_RANGES
from moderation.normal import fold

READ = 60_000  # characters of a text: PostgreSQL keeps a megabyte of terms for one row
VOICING = "\u3099\u309a"  # of kana: they make another letter
LONGEST = 60  # characters of a term; of a longer word, its beginning


def _letters(first: int, last: int) -> str:
    """What a class of a pattern needs of a range: tested one by one as it is compiled, not as a text is read."""
    if first > 0xFFFF:
        return f"{chr(first)}-{chr(last)}"
    return "".join(one for one in map(chr, range(first, last + 1)) if one.isalnum() or one in VOICING)


UNSPACED = "".join(_letters(first, last) for first, last in UNSPACED_RANGES)
EMOJI = "⌀-⏿☀-➿⬀-⯿\U0001f000-\U0001faff"
RUN = re.compile(rf"([{UNSPACED}]+)|([^\W_{UNSPACED}]+)|([{EMOJI}])")

# The same for patterns that are made for one query, of ranges: all those letters take 0.1 s to compile, each time.
WORD = rf"[^\W_{''.join(f'{chr(first)}-{chr(last)}' for first, last in UNSPACED_RANGES)}]"
_NO_LETTERS = "".join(_letters(first, last) for first, last in UNSPACED_RANGES if first > 0xFFFF)  # all, but of terms
_NOTHING = rf"[^\w{_NO_LETTERS}{VOICING}{EMOJI}]*+"
BETWEEN = rf"{_NOTHING}(?:_{_NOTHING})*+"  # two terms in a row: never a part of one, so nothing is tried twice


class Run(NamedTuple):
    """Characters that belong together; just one of the three is not empty."""

    unspaced: str
    word: str
    emoji: str

    @property
    def text(self) -> str:
        return self.unspaced or self.word or self.emoji

    @property
    def terms(self) -> list[str]:
        if self.unspaced:
            return [self.unspaced[at : at + 2] for at in range(len(self.unspaced))]
        return [(self.word or self.emoji)[:LONGEST]]


def folded(text: str) -> str:
    return fold(text[:READ])[:READ]


def runs(text: str) -> Iterator[Run]:
    """In order, of a text that is not folded yet."""
    return (Run(*found) for found in RUN.findall(folded(text)))


def terms(text: str, before: str = "") -> list[str]:
    """In order, each after ``before``: terms of one phrase stand in a row."""
    found: list[str] = []
    for unspaced, word, emoji in RUN.findall(folded(text)):
        if unspaced:
            found += [before + unspaced[at : at + 2] for at in range(len(unspaced))]
        else:
            found.append(before + (word or emoji)[:LONGEST])
    return found

"""What a text is searched as: written variants of a character become one.

``fold`` turns one character into none, one or several, whatever stands around it, so a stream can be folded as it
comes: compatibility decomposition, case folding, traditional to simplified Chinese, digits of all scripts to 0-9; marks
above and below letters, invisible characters and emoji skin tones are dropped. White space after white space is
dropped too. ``normalise`` does it for a piece and says which character each one comes from.
"""

import functools
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

SPACE = " "
KANA_VOICING = 8  # a combining class: these marks make another letter, so they are kept
LATER_SYLLABLE_JAMO = ((0x1160, 0x11FF), (0xD7B0, 0xD7FF))
INVISIBLE = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2065, 0x2065),
    (0x2800, 0x2800),  # Braille without a dot
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1F3FB, 0x1F3FF),  # skin tones
    (0xE0000, 0xE0FFF),
)
UNSPACED = (  # scripts that write words without spaces between them, and Korean, which hangs endings on words
    (0x0E00, 0x0FFF),
    (0x1000, 0x109F),
    (0x1100, 0x11FF),
    (0x1780, 0x17FF),
    (0x1950, 0x1AAF),
    (0x2E80, 0xA4CF),
    (0xA960, 0xA97F),
    (0xA980, 0xA9FF),
    (0xAA60, 0xAA7F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0x1AFF0, 0x1B16F),
    (0x20000, 0x3FFFF),
)
PLAIN = re.compile(r"[!-~一-鿿、-】А-яё！-～]*(?:[ \n][!-~一-鿿、-】А-яё！-～]+)*[ \n]?")  # folds one to one
SIMPLIFIED = Path(__file__).parent / "simplified.txt"
REMEMBERED = 1 << 16


class _Folds(dict[int, str]):
    """The table for ``str.translate``, filled by what is met."""

    def __missing__(self, code: int) -> str:
        folded = _until_stable(chr(code))
        if len(self) < REMEMBERED:
            self[code] = folded
        return folded


class _Words(dict[str, bool]):
    def __missing__(self, character: str) -> bool:
        is_word = unicodedata.category(character)[0] in "LNM" and not _within(ord(character), UNSPACED)
        if len(self) < REMEMBERED:
            self[character] = is_word
        return is_word


FOLDS = _Folds()
WORDS = _Words()


def fold(text: str) -> str:
    """Each character folded; white space is not collapsed."""
    return text.translate(FOLDS)


def normalise(text: str, after: str = "") -> tuple[str, Sequence[int]]:
    """The text as it is searched, and for each of its characters the offset in ``text`` of the one it comes from.

    ``after`` is the last searched character before it.
    """
    if PLAIN.fullmatch(text) and not (after == SPACE and text[:1].isspace()):
        return text.translate(FOLDS), range(len(text))
    searched: list[str] = []
    origins: list[int] = []
    for offset, character in enumerate(text):
        for one in FOLDS[ord(character)]:
            if one == SPACE == after:
                continue
            searched.append(one)
            origins.append(offset)
            after = one
    return "".join(searched), origins


def searched(text: str) -> str:
    return normalise(text)[0]


def is_word(character: str) -> bool:
    """Whether it is a letter, digit or mark of a script that puts spaces between words. Nothing is none."""
    return character != "" and WORDS[character]


def joins(left: str, right: str) -> bool:
    """Whether no word can end between the two: inside a word, or inside a Korean syllable."""
    if not left or not right:
        return False
    return (WORDS[left] and WORDS[right]) or (_within(ord(right), LATER_SYLLABLE_JAMO) and is_jamo(left))


def is_jamo(character: str) -> bool:
    return "\u1100" <= character <= "\u11ff" or "\ua960" <= character <= "\ua97f" or "\ud7b0" <= character <= "\ud7ff"


def _until_stable(text: str) -> str:
    while (again := "".join(map(_once, text))) != text:
        text = again
    return text


def _once(character: str) -> str:
    if character.isspace():
        return SPACE
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(_kept(one) for one in decomposed)


def _kept(character: str) -> str:
    if character.isspace():
        return SPACE
    category = unicodedata.category(character)
    if category in {"Cc", "Cf", "Cs", "Me"} or _within(ord(character), INVISIBLE):
        return ""
    if unicodedata.combining(character) not in {0, KANA_VOICING}:
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(character))
    return _simplified().get(character, character)


@functools.cache
def _simplified() -> dict[str, str]:
    """Traditional to simplified, character by character, as OpenCC's ``t2s`` has it."""
    traditional, simplified = SIMPLIFIED.read_text(encoding="utf-8").splitlines()
    return dict(zip(traditional, simplified, strict=True))


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    place = bisect_right(ranges, (code, 0x110000)) - 1
    return place >= 0 and code <= ranges[place][1]

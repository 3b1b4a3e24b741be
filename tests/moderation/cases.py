"""Random rules, texts and cuts: small alphabets, so that things are found, in all their spellings.

A case is read from a string of bytes, each of which chooses something. So hypothesis has one thing to draw and to
shrink, and a hundred thousand cases take minutes.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hypothesis import strategies as st

from moderation.matcher import Action, RuleSpec
from tests.moderation.oracle import ALPHABET

T = TypeVar("T")
PIECES = ("a", "b", "c", "ab", "ba", "坏", "虫", "蛋", "🙂", "👍", "я", "б", "가", "각", "s", "fi", "1", "-", ".")
BETWEEN = (" ", " ", "\u200b", "\u200d", "\ufe0f", "\u00ad", "\u0301", "\u0308")
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    str,
    str.upper,
    lambda text: "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text),
    lambda text: text.replace("坏", "壞").replace("虫", "蟲"),
    "\u200b".join,
    lambda text: "".join(one + "\u0301" for one in text),
    lambda text: text.replace(" ", "\u3000\n"),
)
CLASSES = ("a", "b", "c", "[ab]", "[^a]", ".", r"\d", r"\w", r"\s", "坏", "[坏虫]", "🙂", r"\.", "-")
TIMES = ("", "", "", "?", "{2}", "{1,3}", "{0,2}?", "{1,2}")
CARDS = ("41", "4111111111111111", "1", "0", "4", "-", " ", "7", "a", "坏")
CARD = r"(?:\d[- ]?){11,15}\d"


@dataclass(frozen=True)
class Case:
    rules: tuple[RuleSpec, ...]
    before: str
    text: str
    pieces: tuple[str, ...]


class Choices:
    """Decisions taken from bytes; when there are no more, always the first of what can be chosen."""

    def __init__(self, source: bytes) -> None:
        self.source = iter(source)

    def number(self, most: int) -> int:
        return next(self.source, 0) % (most + 1)

    def one(self, options: Sequence[T]) -> T:
        return options[self.number(len(options) - 1)]

    def some(self, most: int, make: Callable[[], T], least: int = 0) -> tuple[T, ...]:
        return tuple(make() for _ in range(least + self.number(most - least)))


def cases() -> st.SearchStrategy[Case]:
    return st.binary(min_size=40, max_size=220).map(lambda source: case(Choices(source)))


def card_cases() -> st.SearchStrategy[Case]:
    """Numbers that may be those of bank cards, cut anywhere."""
    return st.binary(min_size=8, max_size=60).map(lambda source: card_case(Choices(source)))


def case(choose: Choices) -> Case:
    listed = tuple(rule(choose, number + 1) for number in range(1 + choose.number(2)))
    known = [word.strip("*") for one in listed for word in (*one.words, *one.exceptions)] or ["a"]
    tokens: tuple[Callable[[], str], ...] = (
        lambda: choose.one(known),
        lambda: choose.one(SPELLINGS)(choose.one(known)),
        lambda: choose.one(PIECES),
        lambda: choose.one(BETWEEN),
        lambda: choose.one(ALPHABET),
    )
    before = "".join(choose.some(3, choose.one(tokens))) if choose.number(3) == 3 else ""
    text = "".join(choose.some(12, choose.one(tokens)))
    return Case(listed, before, text, cut(choose, text))


def card_case(choose: Choices) -> Case:
    edge = choose.one(("", r"\b"))
    only = RuleSpec(7, choose.one(tuple(Action)), pattern=edge + CARD + edge, checksum="luhn")
    text = "".join(choose.some(12, lambda: choose.one(CARDS)))[:40]
    return Case((only,), "", text, cut(choose, text))


def cut(choose: Choices, text: str) -> tuple[str, ...]:
    """The text in pieces, some of them empty."""
    marks = sorted(choose.some(len(text), lambda: choose.number(len(text))))
    return tuple(text[start:end] for start, end in zip([0, *marks], [*marks, len(text)], strict=True))


def rule(choose: Choices, number: int) -> RuleSpec:
    kind = choose.one(("words", "words", "pattern", "both"))
    return RuleSpec(
        id=number,
        action=choose.one(tuple(Action)),
        words=choose.some(4, lambda: word(choose), least=1) if kind != "pattern" else (),
        pattern=pattern(choose) if kind != "words" else "",
        exceptions=choose.some(2, lambda: word(choose)) if choose.number(1) else (),
        dry_run=choose.number(4) == 4,
    )


def word(choose: Choices) -> str:
    text = choose.one(("", "", " ")).join(choose.some(3, lambda: choose.one(PIECES), least=1))
    return choose.one(("", "", "*")) + choose.one(SPELLINGS)(text) + choose.one(("", "", "*"))


def pattern(choose: Choices) -> str:
    body = choose.one((row, either, either_and_row))(choose)
    if re.fullmatch(body, "", re.DOTALL):
        body += "a"
    return choose.one(("", r"\b")) + body + choose.one(("", r"\b"))


def row(choose: Choices) -> str:
    return "".join(choose.some(3, lambda: choose.one(CLASSES) + choose.one(TIMES), least=1))


def either(choose: Choices) -> str:
    return f"(?:{row(choose)}|{row(choose)}){choose.one(('', '{1,2}'))}"


def either_and_row(choose: Choices) -> str:
    return either(choose) + row(choose)

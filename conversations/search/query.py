"""What is looked for: phrases, all of which must be in the same message or title.

What is written without a space is a phrase, and so is what stands between quotation marks; its terms stand in a row.
The last word may be the beginning of a longer one, unless it is quoted.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Self

from django.utils.translation import gettext as _

from conversations.search.terms import BETWEEN, WORD, Run, folded, runs

LONGEST = 200  # characters of a query
SHORTEST_BEGINNING = 2  # letters that stand for all words that begin with them

_PARTS = re.compile(r'["“”„«»](?P<quoted>[^"“”„«»]*)["“”„«»]?|(?P<plain>[^\s"“”„«»]+)')


class BadQuery(ValueError):  # noqa: N818 - read as a sentence where it is raised
    """Nothing can be looked for; the text says why, to the person."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Terms in a row. ``is_open``: the last one is the beginning of a term.

    ``pattern`` finds it in folded text, between ``edges``: what may not stand before it, and behind.
    """

    terms: tuple[str, ...]
    is_open: bool
    pattern: str
    edges: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Query:
    text: str
    phrases: tuple[Phrase, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises BadQuery."""
        text = text.strip()
        length = max(len(text), len(folded(text)))  # one character may stand for eighteen
        if length > LONGEST:
            words = _("{n} characters are too many to look for; {allowed} are allowed.")
            raise BadQuery(words.format(n=length, allowed=LONGEST))
        parts = [
            (part["quoted"] or "", True) if part["plain"] is None else (part["plain"], False)
            for part in _PARTS.finditer(text)
        ]
        worded = [(found, is_quoted) for part, is_quoted in parts if (found := list(runs(part)))]
        if not worded:
            raise BadQuery(_("Write a word to look for."))
        last = len(worded) - 1
        return cls(
            text,
            tuple(_phrase(found, may_go_on=at == last and not quoted) for at, (found, quoted) in enumerate(worded)),
        )

    @property
    def marks(self) -> "re.Pattern[str]":
        """Finds any of the phrases in a folded text. Edges take 5 ms to compile, so phrases share them."""
        between: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for phrase in self.phrases:
            between[phrase.edges].append(phrase.pattern)
        parts = (f"{before}(?:{'|'.join(patterns)}){behind}" for (before, behind), patterns in between.items())
        return re.compile("|".join(parts))


def _phrase(found: list[Run], *, may_go_on: bool) -> Phrase:
    *before, last = found
    terms = [term for run in before for term in run.terms]
    if last.unspaced and len(last.unspaced) > 1:
        terms, is_open = [*terms, *last.terms[:-1]], False  # in the text, it may go on after its last character
    else:
        is_open = bool(last.unspaced) or (may_go_on and len(last.word) >= SHORTEST_BEGINNING)
        terms = [*terms, *last.terms]
    edges = rf"(?<!{WORD})" if found[0].word else "", rf"(?!{WORD})" if last.word and not is_open else ""
    return Phrase(tuple(terms), is_open, BETWEEN.join(re.escape(run.text) for run in found), edges)

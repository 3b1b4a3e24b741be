"""Listed words: what one line means, and finding thousands of them in a text that comes in pieces.

``*`` at either end of a word lets it begin, or end, inside a longer one; otherwise letters and digits of scripts with
spaces are found as whole words only, and Korean by whole syllables. Chinese is found anywhere.

Words live in two Aho-Corasick automata: those that may begin only where no word goes on, and all others. The same trie
says whether what was read since some place is the beginning of a word, which is what a stream must hold back.
They hold UTF-8, a byte a letter: the library looks at a place's followers one by one, and thousands of Chinese
characters may begin a word.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import ahocorasick

from moderation.normal import SPACE, is_jamo, is_word, searched
from moderation.refusals import InvalidRule, gettext_noop

MOST_CHARACTERS = 256
MOST_WORDS = 50_000
LENGTHS = 13  # bits: a character can be searched as eighteen
LENGTH = (1 << LENGTHS) - 1
OPEN = "*"


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is searched."""

    text: str
    edge_before: bool
    edge_after: bool

    @classmethod
    def read(cls, written: str, line: int = 0) -> "Word":
        """Raises ``InvalidRule``."""
        if len(written) > MOST_CHARACTERS:
            raise InvalidRule(
                gettext_noop("A word has %(most)d characters at most, this one %(has)d."),
                line=line,
                most=MOST_CHARACTERS,
                has=len(written),
            )
        written = written.strip()
        bare = written.removeprefix(OPEN).removesuffix(OPEN)
        text = searched(bare).strip(SPACE)
        if not text:
            raise _nothing_left(bare, line)
        edge_before = is_word(text[0]) and not written.startswith(OPEN)
        edge_after = (is_word(text[-1]) or is_jamo(text[-1])) and not written.endswith(OPEN)
        return cls(text, edge_before, edge_after)


def validate_words(text: str) -> list[str]:
    """The words of a list, one a line; empty lines are passed over, what means the same stands once.

    Raises ``InvalidRule`` with the line.
    """
    kept: dict[Word, str] = {}
    for line, written in enumerate(text.splitlines(), 1):
        if written.strip():
            kept.setdefault(Word.read(written, line), written.strip())
        if len(kept) > MOST_WORDS:
            raise too_many(line)
    return list(kept.values())


def too_many(line: int = 0) -> InvalidRule:
    return InvalidRule(
        gettext_noop("All lists together have %(most)d different words at most; this one is one too many."),
        line=line,
        most=MOST_WORDS,
    )


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word stands for: the rules that list it, by their number, and which of them need an edge behind it."""

    rules: tuple[tuple[int, bool], ...]
    grows: bool  # a longer word begins with it, or an edge must be seen first


class Lexicon:
    """Words of one kind, compiled."""

    def __init__(self, listed: dict[str, dict[int, bool]]) -> None:
        self.automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        known: dict[Meaning, int] = {}
        ordered = sorted(listed)
        for text, following in zip(ordered, [*ordered, ""][1:], strict=True):
            rules = tuple(sorted(listed[text].items()))
            meaning = Meaning(rules, following.startswith(text) or any(edge for _, edge in rules))
            number = known.setdefault(meaning, len(known))
            self.automaton.add_word(_bytes(text), number << LENGTHS | len(text))
        self.meanings = tuple(known)
        self.first = frozenset(text[0] for text in listed)
        self.automaton.make_automaton()

    def __bool__(self) -> bool:
        return bool(self.first)

    def words(self, text: str) -> Iterator[tuple[int, int, Meaning]]:
        """Where words begin and end in a text, and what they mean."""
        letters = _bytes(text)
        counted = end = 0
        for last, value in self.automaton.iter(letters):
            end += len(_text(letters[counted : last + 1]))
            counted = last + 1
            yield end - (value & LENGTH), end, self.meanings[value >> LENGTHS]

    def begins(self, text: str) -> bool:
        """Whether a word begins with this text, or is it."""
        return bool(self.automaton.match(_bytes(text)))


@dataclass(frozen=True, slots=True)
class Words:
    """All words of a matcher."""

    bounded: Lexicon  # may not begin inside a word
    free: Lexicon

    @classmethod
    def of(cls, rules: Iterable[tuple[int, Iterable[Word]]]) -> "Words":
        listed: tuple[dict[str, dict[int, bool]], ...] = ({}, {})
        for rule, words in rules:
            for word in words:
                meant = listed[not word.edge_before].setdefault(word.text, {})
                meant[rule] = meant.get(rule, True) and word.edge_after
        if len(listed[0]) + len(listed[1]) > MOST_WORDS:
            raise too_many()
        return cls(Lexicon(listed[0]), Lexicon(listed[1]))


def _bytes(text: str) -> str:
    return text if text.isascii() else text.encode().decode("latin-1")


def _text(letters: str) -> str:
    return letters if letters.isascii() else letters.encode("latin-1").decode()


def _nothing_left(bare: str, line: int) -> InvalidRule:
    if bare.strip():
        return InvalidRule(
            gettext_noop("Nothing of this word can be seen: it has invisible characters only."), line=line
        )
    return InvalidRule(gettext_noop("This word is empty."), line=line)

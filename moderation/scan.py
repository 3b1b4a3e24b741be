"""Searching a text that comes in pieces: what is found, and from where on something may still be found.

Works on searched characters (``normal``), numbered from the beginning of the stream. ``frontier`` is the first place at
which an undecided candidate may begin: every candidate that begins before it is known.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from moderation.automaton import Machine, Shape
from moderation.checksums import holds
from moderation.exceptions import Exceptions
from moderation.normal import is_word, joins
from moderation.prompts import LongPattern
from moderation.words import LENGTH, LENGTHS, Lexicon, Meaning, Words

MOST_KEPT = 4096  # characters of decided text that may lie about before they are let go of
Candidate = tuple[int, int, int]  # rule by number, start, end


@dataclass(frozen=True, slots=True)
class Compiled:
    """Rules by their number, in the form they are searched for."""

    words: Words
    machine: Machine
    patterns: list[tuple[int, str]] = field(default_factory=list)  # rule and checksum of each pattern of the machine
    long: list[tuple[int, LongPattern]] = field(default_factory=list)
    exceptions: dict[int, Exceptions] = field(default_factory=dict)

    @property
    def history(self) -> int:
        """How many characters before a candidate can matter: for exceptions, and for the edge before those."""
        return 1 + max((one.longest for one in self.exceptions.values()), default=0)


class Scan:
    def __init__(self, compiled: Compiled, before: str = "") -> None:
        self.compiled = compiled
        self.history = compiled.history
        self.text = before[-self.history :]
        self.base = -len(self.text)
        self.now = self.frontier = 0
        self.candidates: list[Candidate] = []  # decided; whoever reads them empties the list
        self._waiting: list[Candidate] = []  # ~rule: for the character after them; rule: for an exception
        self._readers = [_Reader(lexicon) for lexicon in (compiled.words.bounded, compiled.words.free)]
        self._word_from = 0
        self._has_patterns = bool(compiled.patterns)
        self._shape: Shape = compiled.machine.root(is_word(self.text[-1:]))
        self._starts: list[int] = []

    def read(self, piece: str) -> None:
        """The next characters."""
        if piece:
            self._take(piece)
            self._decide(ended=False)
            self._word_from = self._first_begun_word()
            self.frontier = min([self._word_from, *self._starts, *(start for _, start, _ in self._waiting)])
            self._forget()

    def end(self, last: str = "") -> None:
        """The last characters: nothing comes after them."""
        self._take(last)
        for index, number in enumerate(self._shape.places):
            place = self.compiled.machine.places[number]
            if not place.ranges:
                self._found_pattern(place.pattern, self._starts[index], self.now)
        self._decide(ended=True)
        self.frontier = self.now

    def _take(self, piece: str) -> None:
        self.text += piece
        began, self.now = self.now, self.now + len(piece)
        for reader, edge in zip(self._readers, (True, False), strict=True):
            if reader.lexicon:
                self._read_words(reader, edge, began)
        if self._has_patterns:
            self._read_patterns(piece, began)

    def _read_words(self, reader: "_Reader", edge: bool, began: int) -> None:
        """From the first word that may have begun: earlier ones cannot be found any more."""
        reader.complete.clear()
        for last, meaning, length in reader.words(self.text[self._word_from - self.base :]):
            end = self._word_from + last
            start = end - length
            if end <= began or (edge and is_word(self._character(start - 1))):
                continue
            if end == self.now and not meaning.grows:
                reader.complete.add(start)
            self._waiting.extend((~rule if after else rule, start, end) for rule, after in meaning.rules)

    def _read_patterns(self, piece: str, at: int) -> None:
        shape, starts = self._shape, self._starts
        for character in piece:
            move = shape[character]
            shape = move.shape
            if starts or move.kept or move.found:
                begun = [*starts, at]
                for index, pattern, ends_before in move.found:
                    self._found_pattern(pattern, begun[index], at if ends_before else at + 1)
                starts = [begun[index] for index in move.kept]
            at += 1
        self._shape, self._starts = shape, starts

    def _found_pattern(self, pattern: int, start: int, end: int) -> None:
        rule, checksum = self.compiled.patterns[pattern]
        if not checksum or holds(checksum, self.text[start - self.base : end - self.base]):
            self._waiting.append((rule, start, end))

    def _decide(self, ended: bool) -> None:
        """Sort what was found into decided and still waiting."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for rule, start, end in waiting:
                if rule >= 0:
                    self._excuse(rule, start, end, ended)
                elif end == self.now and not ended:
                    self._waiting.append((rule, start, end))
                elif not joins(self._character(end - 1), self._character(end)):
                    self._excuse(~rule, start, end, ended)

    def _excuse(self, rule: int, start: int, end: int, ended: bool) -> None:
        exceptions = self.compiled.exceptions.get(rule)
        covered = exceptions.cover(self.text, start - self.base, end - self.base, ended) if exceptions else False
        if covered is None:
            self._waiting.append((rule, start, end))
        elif not covered:
            self.candidates.append((rule, start, end))

    def _first_begun_word(self) -> int:
        bounded, free = self._readers
        before = self._character(self._word_from - 1)
        for at in range(self._word_from, self.now):
            character = self.text[at - self.base]
            if character in free.lexicon.first and free.goes_on(self.text, at, self.base):
                return at
            may_begin = character in bounded.lexicon.first and not is_word(before)
            if may_begin and bounded.goes_on(self.text, at, self.base):
                return at
            before = character
        return self.now

    def _character(self, at: int) -> str:
        return self.text[at - self.base] if self.base <= at < self.now else ""

    def _forget(self) -> None:
        spare = self.frontier - self.history - self.base
        if spare > MOST_KEPT:
            self.text = self.text[spare:]
            self.base += spare


class _Reader:
    """One stream's view of an automaton.

    Each piece is a new search from the first undecided character on: the library's own ``set`` for texts in pieces
    writes outside its memory when characters of more than 16 bits follow others.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.complete: set[int] = set()  # begins of words that end here and cannot become longer

    def words(self, text: str) -> Iterator[tuple[int, Meaning, int]]:
        """Where a word ends, what it means, and its length."""
        for last, value in self.lexicon.automaton.iter(text):
            yield last + 1, self.lexicon.meanings[value >> LENGTHS], value & LENGTH

    def goes_on(self, text: str, at: int, base: int) -> bool:
        """Whether what was read since then is the beginning of a word, or one whose end is not decided."""
        return at not in self.complete and self.lexicon.automaton.match(text[at - base :])

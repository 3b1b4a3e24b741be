"""Searching a text that comes in pieces: what is found, and from where on something may still be found.

Works on searched characters (``normal``), numbered from the beginning of the stream. ``frontier`` is the first place at
which an undecided candidate may begin: every candidate that begins before it is known.
"""

from dataclasses import dataclass, field

from moderation.automaton import Machine, Shape
from moderation.checksums import holds
from moderation.exceptions import Exceptions
from moderation.normal import is_word, joins
from moderation.prompts import LongPattern
from moderation.words import Meaning, Words

MOST_KEPT = 256  # decided characters more than needed that may lie about
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
        self._lexicons = compiled.words.bounded, compiled.words.free
        self._complete: tuple[set[int], set[int]] = set(), set()  # begins of words that end here and cannot grow
        self._word_from = 0
        self._noted_end = 0
        self._noted: set[tuple[int, bool]] = set()  # rules with a word that ends there, and whether an edge is needed
        self._has_patterns = bool(compiled.patterns)
        self._shape: Shape = compiled.machine.root(is_word(self.text[-1:]))
        self._starts: list[int] = []

    def read(self, piece: str) -> None:
        """The next characters."""
        if not piece:
            return
        self._take(piece)
        if self._waiting:
            self._decide(ended=False)
        frontier = self._word_from = self._first_begun_word()
        if self._starts:  # oldest first
            frontier = min(frontier, self._starts[0])
        if self._waiting:
            frontier = min(frontier, *(start for _, start, _ in self._waiting))
        self.frontier = frontier
        if frontier - self.history - self.base > MOST_KEPT:
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
        begun = self.text[self._word_from - self.base :]
        for lexicon, complete in zip(self._lexicons, self._complete, strict=True):
            complete.clear()
            self._noted_end = 0
            if lexicon:
                for start, end, meaning in lexicon.words(begun):
                    self._found_word(start + self._word_from, end + self._word_from, meaning, began, complete)
        if self._has_patterns:
            self._read_patterns(piece, began)

    def _found_word(self, start: int, end: int, meaning: Meaning, began: int, complete: set[int]) -> None:
        """Seen before, when it ends before the piece."""
        starts_inside = complete is self._complete[0] and is_word(self._character(start - 1))
        if end > began and not starts_inside:
            if end == self.now and not meaning.grows:
                complete.add(start)
            self._note(meaning, start, end)

    def _note(self, meaning: Meaning, start: int, end: int) -> None:
        """Longer words come first: a shorter one that ends there lies inside, and adds nothing to the same rule."""
        if end != self._noted_end:
            self._noted_end, self._noted = end, set()
        for rule, after in meaning.rules:
            if (rule, False) not in self._noted and (rule, after) not in self._noted:
                self._noted.add((rule, after))
                self._waiting.append((~rule if after else rule, start, end))

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
        bounded, free = self._lexicons
        before = self._character(self._word_from - 1)
        for at in range(self._word_from, self.now):
            character = self.text[at - self.base]
            if character in free.first and self._goes_on(1, at):
                return at
            if character in bounded.first and not is_word(before) and self._goes_on(0, at):
                return at
            before = character
        return self.now

    def _goes_on(self, kind: int, at: int) -> bool:
        """Whether what was read since then is the beginning of a word, or one whose end is not decided."""
        return at not in self._complete[kind] and self._lexicons[kind].begins(self.text[at - self.base :])

    def _character(self, at: int) -> str:
        return self.text[at - self.base] if self.base <= at < self.now else ""

    def _forget(self) -> None:
        spare = self.frontier - self.history - self.base
        self.text = self.text[spare:]
        self.base += spare

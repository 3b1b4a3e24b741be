"""All patterns of a matcher as one machine that reads a text once.

A pattern becomes *places*: each reads one character of a class and leads to others. A stream holds *threads*, a place
and where in the text its match began. Of threads at the same place the one that began first is kept: whatever the other
finds lies inside what this one finds. (Not so for patterns with check digits: the shorter of two may be the right one.)

What a character does to a row of places (a ``Shape``) is worked out once and remembered: most characters cost one
dictionary look-up for all patterns together. ``MOST_CELLS`` bounds what is remembered, ``MOST_ARROWS`` what a character
that is new costs at worst.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

from moderation.normal import is_word
from moderation.refusals import InvalidRule, gettext_noop
from moderation.tree import Chars, Either, Node, Pattern, Ranges, Repeat, Sequence

MOST_PLACES = 2_000  # of one pattern
MOST_ARROWS = 20_000  # of one pattern: from places to places
MOST_CELLS = 200_000  # remembered by one machine
FOUND = -1  # stands for the end of a pattern among the places that follow one


@dataclass(slots=True)
class Place:
    pattern: int
    ranges: Ranges  # empty: a match is complete if no letter or digit follows
    following: tuple[int, ...] = ()

    def reads(self, code: int) -> bool:
        at = bisect_right(self.ranges, (code, 0x110000)) - 1
        return at >= 0 and code <= self.ranges[at][1]


@dataclass(frozen=True, slots=True)
class Entry:
    """Where threads of a pattern begin, and how they may."""

    places: tuple[int, ...]
    edge_before: bool
    waits: int  # the place that waits for the edge behind the match, or FOUND
    keeps_all: bool


@dataclass(frozen=True, slots=True)
class Move:
    """What a character does: the threads that go on, by their index before, and what is found."""

    shape: "Shape"
    kept: tuple[int, ...]  # an index of the row before; its length stands for the thread that begins here
    found: tuple[tuple[int, int, bool], ...]  # index, pattern, whether the match ends before this character


class Shape(dict[str, Move]):
    """A row of places, oldest thread first, and whether the last character was part of a word."""

    __slots__ = ("machine", "places", "within")

    def __init__(self, machine: "Machine", places: tuple[int, ...], within: bool) -> None:
        super().__init__()
        self.machine = machine
        self.places = places
        self.within = within

    def __missing__(self, character: str) -> Move:
        return self.machine.move(self, character)


@dataclass(slots=True)
class Machine:
    places: list[Place] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    shapes: dict[tuple[tuple[int, ...], bool], Shape] = field(default_factory=dict)
    cells: int = 0

    def add(self, pattern: Pattern, keeps_all: bool = False) -> None:
        """Patterns are numbered as they are added. Raises ``InvalidRule`` for one that is too large."""
        number = len(self.entries)
        waits = FOUND
        if pattern.edge_after:
            waits = self._place(number, ())
        first = len(self.places)
        begin = self._before(pattern.body, (FOUND,), number, first)
        arrows = sum(len(place.following) for place in self.places[first:])
        if len(self.places) - first > MOST_PLACES or arrows > MOST_ARROWS:
            raise _too_large()
        self.entries.append(Entry(begin, pattern.edge_before, waits, keeps_all))

    def root(self, within: bool) -> Shape:
        return self.shape((), within)

    def move(self, shape: Shape, character: str) -> Move:
        move = _Step(self, shape, character).move()
        if self.cells > MOST_CELLS:
            self._forget()
        self.cells += 2 + len(move.kept) + len(move.found)
        shape[character] = move
        return move

    def shape(self, places: tuple[int, ...], within: bool) -> Shape:
        shape = self.shapes.get((places, within))
        if shape is None:
            self.cells += 8 + len(places)
            shape = self.shapes[places, within] = Shape(self, places, within)
        return shape

    def _forget(self) -> None:
        for shape in list(self.shapes.values()):
            shape.clear()
        self.shapes.clear()
        self.cells = 0

    def _before(self, node: Node, then: tuple[int, ...], number: int, first: int) -> tuple[int, ...]:
        """The places at which a match of ``node`` begins that goes on with ``then``."""
        match node:
            case Chars(ranges):
                if len(self.places) - first > MOST_PLACES:
                    raise _too_large()
                return (self._place(number, ranges, then),)
            case Sequence(parts):
                for part in reversed(parts):
                    then = self._before(part, then, number, first)
                return then
            case Either(options):
                return _distinct(*(self._before(option, then, number, first) for option in options))
            case Repeat(part, least, most):
                enough = then
                for _ in range((most or least) - least):
                    then = _distinct(self._before(part, then, number, first), enough)
                for _ in range(least):
                    then = self._before(part, then, number, first)
                return then

    def _place(self, number: int, ranges: Ranges, following: tuple[int, ...] = ()) -> int:
        self.places.append(Place(number, ranges, following))
        return len(self.places) - 1


class _Step:
    """One character read by one row of threads."""

    def __init__(self, machine: Machine, shape: Shape, character: str) -> None:
        self.machine = machine
        self.shape = shape
        self.code = ord(character)
        self.is_word = is_word(character)
        self.places: list[int] = []
        self.kept: list[int] = []
        self.found: list[tuple[int, int, bool]] = []
        self.seen: set[tuple[int, int]] = set()

    def move(self) -> Move:
        for index, number in enumerate(self.shape.places):
            place = self.machine.places[number]
            if place.ranges:
                self._read(index, place)
            elif not self.is_word:
                self._find(index, place.pattern, before=True)
        begins = len(self.shape.places)
        for entry in self.machine.entries:
            if not (entry.edge_before and self.shape.within):
                for number in entry.places:
                    self._read(begins, self.machine.places[number])
        shape = self.machine.shape(tuple(self.places), self.is_word)
        return Move(shape, tuple(self.kept), tuple(self.found))

    def _read(self, index: int, place: Place) -> None:
        if not place.reads(self.code):
            return
        for following in place.following:
            waits = self.machine.entries[place.pattern].waits
            target = waits if following == FOUND else following
            if target == FOUND:
                self._find(index, place.pattern, before=False)
            elif self._is_new(target, index, place.pattern):
                self.places.append(target)
                self.kept.append(index)

    def _find(self, index: int, pattern: int, before: bool) -> None:
        if self._is_new(FOUND - 1 - before - 2 * pattern, index, pattern):
            self.found.append((index, pattern, before))

    def _is_new(self, target: int, index: int, pattern: int) -> bool:
        key = target, index if self.machine.entries[pattern].keeps_all else 0
        is_new = key not in self.seen
        self.seen.add(key)
        return is_new


def _distinct(*groups: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(number for group in groups for number in group))


def _too_large() -> InvalidRule:
    return InvalidRule(
        gettext_noop("This pattern is too large: its repetitions, multiplied, make more than %(most)d places."),
        most=MOST_PLACES,
    )

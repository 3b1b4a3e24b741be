"""All patterns of a matcher as one machine that reads a text once.

A pattern becomes *places*: each reads one character of a class and leads to others. A stream holds *threads*, a place
and where in the text its match began. Of threads at the same place the one that began first is kept: whatever the other
finds lies inside what this one finds. (Not so for patterns with check digits: the shorter of two may be the right one.)

What a character does to a row of places (a ``Shape``) is worked out once and remembered: most characters cost one
dictionary look-up for all patterns together. ``MOST_CELLS`` bounds what is remembered, ``costs`` what the characters
that are new cost.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

from moderation.normal import is_word
from moderation.refusals import InvalidRule, gettext_noop
from moderation.tree import Chars, Either, Node, Pattern, Ranges, Repeat, Sequence, longest

MOST_PLACES = 2_000  # of one pattern
MOST_ARROWS = 20_000  # of one pattern: from places to places
MOST_CELLS = 200_000  # remembered by one machine
FOUND = -1  # stands for the end of a pattern among the places that follow one
BEGINS = (-1, -2)  # stand for the places at which threads begin: after no word, and inside one


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


class Leads(dict[int, tuple[int, ...]]):
    """For one character: where each place leads. Below zero: it is found, see ``_found``."""

    __slots__ = ("code", "is_word", "machine")

    def __init__(self, machine: "Machine", character: str) -> None:
        super().__init__()
        self.machine = machine
        self.code = ord(character)
        self.is_word = is_word(character)

    def __missing__(self, number: int) -> tuple[int, ...]:
        targets = self._begin(number == BEGINS[1]) if number < 0 else self._after(number)
        self.machine.cells += 1 + len(targets)
        self[number] = targets
        return targets

    def _begin(self, within: bool) -> tuple[int, ...]:
        entries = [entry for entry in self.machine.entries if not (entry.edge_before and within)]
        return _distinct(*(self._after(number) for entry in entries for number in entry.places))

    def _after(self, number: int) -> tuple[int, ...]:
        place = self.machine.places[number]
        if not place.ranges:
            return () if self.is_word else (_found(place.pattern, before=True),)
        if not place.reads(self.code):
            return ()
        waits = self.machine.entries[place.pattern].waits
        end = _found(place.pattern, before=False) if waits == FOUND else waits
        return tuple(end if following == FOUND else following for following in place.following)


@dataclass(slots=True)
class Machine:
    places: list[Place] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    shapes: dict[tuple[tuple[int, ...], bool], Shape] = field(default_factory=dict)
    leads: dict[str, Leads] = field(default_factory=dict)
    apart: set[int] = field(default_factory=set)  # places and ends that each thread reaches for itself
    worst: int = 0  # steps for one character, whatever the text
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
        if keeps_all:
            ends = _found(number, before=False), _found(number, before=True)
            self.apart.update(range(first, len(self.places)), ends, {waits} - {FOUND})
        threads = (longest(pattern.body) or 1) + 1 if keeps_all else 1  # at one place
        self.worst += (len(self.places) - first + 1 + 2 * arrows) * threads
        self.entries.append(Entry(begin, pattern.edge_before, waits))

    def root(self, within: bool) -> Shape:
        return self.shape((), within)

    def move(self, shape: Shape, character: str) -> Move:
        move = self._step(shape, character)
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
        self.leads.clear()
        self.cells = 0

    def lead(self, character: str) -> Leads:
        leads = self.leads.get(character)
        if leads is None:
            self.cells += 8
            leads = self.leads[character] = Leads(self, character)
        return leads

    def pattern_of(self, target: int) -> int:
        """Of a place, or of what stands for a pattern's end."""
        return self.places[target].pattern if target >= 0 else _which(target)[0]

    def _step(self, shape: Shape, character: str) -> Move:
        leads = self.lead(character)
        places: list[int] = []
        kept: list[int] = []
        found: list[tuple[int, int, bool]] = []
        seen: set[int | tuple[int, int]] = set()
        for index, number in enumerate((*shape.places, BEGINS[shape.within])):
            for target in leads[number]:
                key = (target, index) if target in self.apart else target
                if key in seen:
                    continue
                seen.add(key)
                if target >= 0:
                    places.append(target)
                    kept.append(index)
                else:
                    found.append((index, *_which(target)))
        return Move(self.shape(tuple(places), leads.is_word), tuple(kept), tuple(found))

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


def _found(pattern: int, *, before: bool) -> int:
    """Stands for the end of this pattern's match, before the character or after it."""
    return -1 - before - 2 * pattern


def _which(found: int) -> tuple[int, bool]:
    pattern, before = divmod(-1 - found, 2)
    return pattern, bool(before)


def _distinct(*groups: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(number for group in groups for number in group))


def _too_large() -> InvalidRule:
    return InvalidRule(
        gettext_noop("This pattern is too large: its repetitions, multiplied, make more than %(most)d places."),
        most=MOST_PLACES,
    )

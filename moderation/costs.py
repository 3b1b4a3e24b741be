"""What patterns cost for each character, counted in steps on a text that they themselves suggest.

A character that a row of threads has met before costs one look-up; one that is new, a step for each thread and each
arrow from it. A text of beginnings and inner parts of matches at odd distances makes ever new rows with many threads:
who wants to keep a worker's one event loop busy sends that.
"""

import random
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from moderation.automaton import BEGINS, FOUND, Machine, Place
from moderation.normal import SPACE
from moderation.refusals import InvalidRule, gettext_noop
from moderation.tree import Pattern

SAMPLE = 1_000  # characters
MOST_STEPS = 100  # of a pattern, for a character of the sample
MOST_TOGETHER = 200  # of all patterns of a matcher
BEGINS_ANEW = 0.2  # how likely, after a place that reads several characters


def check(pattern: Pattern, keeps_all: bool) -> None:
    """Raises ``InvalidRule`` for a pattern that is too costly whatever else is searched for."""
    if _alone(pattern, keeps_all, MOST_STEPS) > MOST_STEPS:
        raise InvalidRule(
            gettext_noop(
                "This pattern is too costly, more than %(most)d steps a character: shorten its repetitions, or begin it"
                " with something rarer."
            ),
            most=MOST_STEPS,
        )


def costliest(machine: Machine) -> int | None:
    """The pattern, by its number, that costs most of all when together they cost too much."""
    steps, threads = _count(machine, MOST_TOGETHER)
    return max(threads, key=lambda number: (threads[number], number)) if steps > MOST_TOGETHER else None


def too_costly_together() -> InvalidRule:
    return InvalidRule(
        gettext_noop(
            "With the other patterns that are on this one is too costly, more than %(most)d steps a character: shorten"
            " its repetitions."
        ),
        most=MOST_TOGETHER,
    )


@lru_cache(maxsize=256)
def _alone(pattern: Pattern, keeps_all: bool, most: int) -> float:
    machine = Machine()
    machine.add(pattern, keeps_all)
    return _count(machine, most)[0]


def _count(machine: Machine, most: int) -> tuple[float, Counter[int]]:
    """Steps for a character, and threads by pattern. Ends when they are too many; not begun where they cannot be."""
    threads: Counter[int] = Counter()
    if machine.worst <= most:
        return 0, threads
    steps = 0
    shape = machine.root(within=False)
    for character in islice(_sample(machine), SAMPLE):
        if character not in shape:
            leads = machine.lead(character)
            begun = leads[BEGINS[shape.within]]
            steps += len(begun) + sum(1 + len(leads[number]) for number in shape.places)
            threads.update(map(machine.pattern_of, (*shape.places, *begun)))
            if steps > most * SAMPLE:
                break
        shape = shape[character].shape
    return steps / SAMPLE, threads


def _sample(machine: Machine) -> Iterator[str]:
    """Ways through the patterns, most of them left before their end. Always the same for the same patterns."""
    chance = random.Random(0)  # noqa: S311 - not a secret
    known = _characters(machine)
    while True:
        entry = chance.choice(machine.entries)
        number = chance.choice(entry.places)
        if entry.edge_before:
            yield SPACE
        while number != FOUND:
            place = machine.places[number]
            code = _read(place, known[place.pattern], chance)
            yield chr(code)
            several = place.ranges != ((code, code),)
            number = FOUND if several and chance.random() < BEGINS_ANEW else chance.choice(place.following)


def _characters(machine: Machine) -> dict[int, list[int]]:
    """Of each pattern: those at which its classes begin and end."""
    known: dict[int, set[int]] = {}
    for place in machine.places:
        known.setdefault(place.pattern, set()).update(code for ends in place.ranges for code in ends)
    return {pattern: sorted(codes) for pattern, codes in known.items()}


def _read(place: Place, known: list[int], chance: random.Random) -> int:
    """One that other places of the pattern may read too, where a few tries find one."""
    tried = (chance.choice(known) for _ in range(4))
    found = next(filter(place.reads, tried), None)
    return chance.choice(chance.choice(place.ranges)) if found is None else found

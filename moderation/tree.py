"""A pattern as a tree over searched characters, and how long its matches are."""

from dataclasses import dataclass

Ranges = tuple[tuple[int, int], ...]  # code points, sorted, apart
LAST = 0x10FFFF


@dataclass(frozen=True, slots=True)
class Chars:
    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Either:
    options: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    part: "Node"
    least: int
    most: int | None


Node = Chars | Sequence | Either | Repeat
NOTHING = Sequence(())


@dataclass(frozen=True, slots=True)
class Pattern:
    body: Node
    edge_before: bool = False
    edge_after: bool = False
    at_start: bool = False
    at_end: bool = False


def longest(node: Node) -> int | None:
    """Characters of the longest match, None where there is none."""
    match node:
        case Chars():
            return 1
        case Sequence(parts):
            lengths = [longest(part) for part in parts]
            return None if None in lengths else sum(length or 0 for length in lengths)
        case Either(options):
            lengths = [longest(option) for option in options]
            return None if None in lengths else max(length or 0 for length in lengths)
        case Repeat(part, _, most):
            one = longest(part)
            if one == 0:
                return 0
            return None if one is None or most is None else one * most


def shortest(node: Node) -> int:
    match node:
        case Chars():
            return 1
        case Sequence(parts):
            return sum(map(shortest, parts))
        case Either(options):
            return min(map(shortest, options))
        case Repeat(part, least, _):
            return least * shortest(part)


def merged(ranges: list[tuple[int, int]]) -> Ranges:
    """Sorted, without overlaps."""
    result: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if result and low <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return tuple(result)


def complement(ranges: Ranges) -> Ranges:
    result: list[tuple[int, int]] = []
    low = 0
    for first, last in ranges:
        if first > low:
            result.append((low, first - 1))
        low = last + 1
    if low <= LAST:
        result.append((low, LAST))
    return tuple(result)


ANY = Chars(((0, LAST),))

"""Candidates of a rule that overlap become one match; the same for what is masked."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from operator import itemgetter

FIRST, LAST = itemgetter(0), itemgetter(1)


class Spans:
    """Disjoint spans in order, first and last character inclusive. What only touches stays apart."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []

    def __bool__(self) -> bool:
        return bool(self._spans)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self._spans)

    def add(self, first: int, last: int) -> None:
        """A text may hold a match at every other character: those that this one does not overlap are not looked at."""
        begin = bisect_left(self._spans, first, key=LAST)
        end = bisect_right(self._spans, last, lo=begin, key=FIRST)
        if begin < end:
            first, last = min(first, self._spans[begin][0]), max(last, self._spans[end - 1][1])
        self._spans[begin:end] = [(first, last)]

    def take_before(self, place: int) -> list[tuple[int, int]]:
        """Those that end before this place, which are then gone."""
        number = bisect_left(self._spans, place, key=LAST)
        taken = self._spans[:number]
        del self._spans[:number]
        return taken

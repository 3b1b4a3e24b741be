"""Spans: what overlaps is one, what does not is never looked at."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from moderation.spans import Spans

MOST_LOOKED_AT = 40  # of 10,000: twice a binary search


class Place(int):
    """A place in a text that counts how often it is compared."""

    compared = 0

    def __lt__(self, other: Any) -> bool:
        Place.compared += 1
        return int(self) < int(other)

    def __le__(self, other: Any) -> bool:
        Place.compared += 1
        return int(self) <= int(other)

    def __gt__(self, other: Any) -> bool:
        Place.compared += 1
        return int(self) > int(other)

    def __ge__(self, other: Any) -> bool:
        Place.compared += 1
        return int(self) >= int(other)


@st.composite
def _spans(draw: st.DrawFn) -> list[tuple[int, int]]:
    pairs = draw(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 8)), max_size=20))
    return [(first, first + length) for first, length in pairs]


def _one_by_one(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Overlapping ones as one, by looking at every pair."""
    kept: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if kept and first <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(kept[-1][1], last))
        else:
            kept.append((first, last))
    return kept


@given(_spans())
def test_what_overlaps_is_one_span_in_whatever_order_it_comes(given: list[tuple[int, int]]) -> None:
    spans = Spans()
    for first, last in given:
        spans.add(first, last)
    assert list(spans) == _one_by_one(given)


@given(_spans(), st.integers(0, 70))
def test_those_that_end_before_a_place_are_taken_and_gone(given: list[tuple[int, int]], place: int) -> None:
    spans = Spans()
    for first, last in given:
        spans.add(first, last)
    whole = _one_by_one(given)
    assert spans.take_before(place) == [span for span in whole if span[1] < place]
    assert list(spans) == [span for span in whole if span[1] >= place]


def test_one_more_of_ten_thousand_looks_at_few() -> None:
    """A message that is one listed word after another would otherwise keep a process busy for seconds."""
    spans = Spans()
    for number in range(10_000):
        spans.add(Place(2 * number), Place(2 * number))
    Place.compared = 0
    spans.add(Place(9_001), Place(9_001))
    assert 0 < Place.compared <= MOST_LOOKED_AT

"""Candidates of a rule that overlap become one match; the same for what is masked."""

from collections.abc import Iterator


class Spans:
    """Disjoint spans, first and last character inclusive. What only touches stays apart."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []

    def __bool__(self) -> bool:
        return bool(self._spans)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self._spans)

    def add(self, first: int, last: int) -> None:
        apart = []
        for span in self._spans:
            if span[0] <= last and first <= span[1]:
                first, last = min(first, span[0]), max(last, span[1])
            else:
                apart.append(span)
        self._spans = [*apart, (first, last)]

    def take_before(self, place: int) -> list[tuple[int, int]]:
        """Those that end before this place, which are then gone."""
        taken = [span for span in self._spans if span[1] < place]
        if taken:
            self._spans = [span for span in self._spans if span[1] >= place]
        return taken

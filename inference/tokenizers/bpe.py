"""Byte-pair merging that only counts: of all neighbours the pair learned first becomes one token, until none is left.

Vocabularies have up to half a million pairs. As a dict they would take a hundred bytes each in every web process; here
a slot takes twelve, in an open-addressed table at most half full.
"""

from array import array
from collections.abc import Sequence
from heapq import heapify, heappop, heappush

NEVER = ABSENT = 2**32 - 1  # rank of a pair that was not learned; token of a byte that the vocabulary lacks
SHORT = 48  # tokens up to which looking at all pairs again is quicker than a heap
SPREAD = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio: neighbouring keys come to lie far apart
WORD = 2**64 - 1


class Merges:
    """Which pairs of tokens become one, and in which order they were learned."""

    def __init__(self, keys: "array[int]", ranks: "array[int]", made: "array[int]") -> None:
        self.keys, self.ranks, self.made = keys, ranks, made
        self._last = len(keys) - 1
        self._shift = 64 - self._last.bit_length()

    @classmethod
    def learn(cls, pairs: Sequence[tuple[int, int, int]]) -> "Merges":
        """From (left, right, the token they make), in the order learned."""
        slots = 1 << max(4, (2 * len(pairs)).bit_length())
        merges = cls(array("Q", bytes(8 * slots)), array("I", bytes(4 * slots)), array("I", bytes(4 * len(pairs))))
        for rank, (left, right, made) in enumerate(pairs):
            merges._add(rank, (left << 32 | right) + 1)
            merges.made[rank] = made
        return merges

    def rank(self, left: int, right: int) -> int:
        """When the pair was learned, or NEVER."""
        keys, last = self.keys, self._last
        key = (left << 32 | right) + 1
        slot = (key * SPREAD & WORD) >> self._shift
        while found := keys[slot]:
            if found == key:
                return self.ranks[slot]
            slot = slot + 1 & last
        return NEVER

    def count(self, tokens: list[int]) -> int:
        """How many tokens are left of these when all is merged; ABSENT ones separate, and are not counted."""
        absent = tokens.count(ABSENT)
        return (self._short(tokens) if len(tokens) <= SHORT else _Long(self, tokens).run()) - absent

    def _short(self, tokens: list[int]) -> int:
        tokens = tokens.copy()
        ranks = list(map(self.rank, tokens, tokens[1:]))
        while ranks and (first := min(ranks)) != NEVER:
            place = ranks.index(first)
            tokens[place : place + 2] = [self.made[first]]
            del ranks[place]
            if place < len(ranks):
                ranks[place] = self.rank(tokens[place], tokens[place + 1])
            if place:
                ranks[place - 1] = self.rank(tokens[place - 1], tokens[place])
        return len(tokens)

    def _add(self, rank: int, key: int) -> None:
        slot = (key * SPREAD & WORD) >> self._shift
        while self.keys[slot] not in {0, key}:
            slot = slot + 1 & self._last
        if not self.keys[slot]:
            self.keys[slot], self.ranks[slot] = key, rank


class _Long:
    """One run over many tokens: a chain of them, and a heap of their pairs by rank, so that it takes n log n."""

    def __init__(self, merges: Merges, tokens: list[int]) -> None:
        self._merges, self._tokens = merges, tokens.copy()
        self._end = len(tokens)
        self._before = list(range(-1, self._end - 1))
        self._after = list(range(1, self._end + 1))
        self._ranks = [*map(merges.rank, tokens, tokens[1:]), NEVER]
        self._heap = [rank << 32 | place for place, rank in enumerate(self._ranks) if rank != NEVER]
        heapify(self._heap)

    def run(self) -> int:
        left = self._end
        while self._heap:
            item = heappop(self._heap)
            place = item & (1 << 32) - 1
            if self._ranks[place] == item >> 32:  # else one of the two was merged meanwhile
                self._merge(place)
                left -= 1
        return left

    def _merge(self, place: int) -> None:
        gone = self._after[place]
        following = self._after[place] = self._after[gone]
        self._tokens[place] = self._merges.made[self._ranks[place]]
        self._ranks[gone] = NEVER
        if following < self._end:
            self._before[following] = place
        self._pair(place, following)
        if (before := self._before[place]) >= 0:
            self._pair(before, place)

    def _pair(self, place: int, following: int) -> None:
        rank = NEVER if following == self._end else self._merges.rank(self._tokens[place], self._tokens[following])
        self._ranks[place] = rank
        if rank != NEVER:
            heappush(self._heap, rank << 32 | place)

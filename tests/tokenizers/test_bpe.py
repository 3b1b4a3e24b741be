"""Merging: short and long pieces alike end where merging by hand ends."""

import itertools
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from inference.tokenizers import bpe
from inference.tokenizers.bpe import ABSENT, NEVER, Merges

Pair = tuple[int, int, int]


def by_hand(pairs: Sequence[Pair], tokens: Sequence[int]) -> int:
    """What the rule says, word for word: the first of the pairs learned earliest, again and again."""
    ranks: dict[tuple[int, int], int] = {}
    for rank, (left, right, _) in enumerate(pairs):
        ranks.setdefault((left, right), rank)
    said = list(tokens)
    while found := [(ranks[pair], place) for place, pair in enumerate(itertools.pairwise(said)) if pair in ranks]:
        rank, place = min(found)
        said[place : place + 2] = [pairs[rank][2]]
    return sum(token != ABSENT for token in said)


small = st.integers(0, 5)
pairs_learned = st.lists(st.tuples(small, small, st.integers(0, 7)), max_size=30)


@given(pairs_learned, st.lists(st.one_of(small, st.just(ABSENT)), max_size=80))
def test_what_is_left_is_what_is_left_by_hand(pairs: list[Pair], tokens: list[int]) -> None:
    merges, before = Merges.learn(pairs), list(tokens)
    assert merges.count(tokens) == by_hand(pairs, tokens)
    assert tokens == before


@given(pairs_learned, st.lists(small, min_size=1, max_size=40))
def test_long_pieces_are_merged_as_short_ones_are(pairs: list[Pair], tokens: list[int]) -> None:
    merges = Merges.learn(pairs)
    assert bpe._Long(merges, tokens).run() == merges._short(tokens)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 2)), unique=True, max_size=400))
def test_each_pair_learned_is_found_and_no_other(pairs: list[tuple[int, int]]) -> None:
    merges = Merges.learn([(left, right, 7) for left, right in pairs])
    assert [merges.rank(left, right) for left, right in pairs] == list(range(len(pairs)))
    known = set(pairs)
    for left, right in pairs:
        assert (merges.rank(right, left) == NEVER) == ((right, left) not in known)


def test_a_pair_learned_twice_keeps_its_first_place() -> None:
    merges = Merges.learn([(1, 2, 3), (4, 5, 6), (1, 2, 9)])
    assert merges.rank(1, 2) == 0


def test_a_byte_without_a_token_keeps_its_neighbours_apart() -> None:
    merges = Merges.learn([(1, 2, 3)])
    assert merges.count([1, 2]) == 1
    assert merges.count([1, ABSENT, 2]) == 2
    assert merges.count([ABSENT]) == 0
    assert merges.count([]) == 0


def test_a_very_long_piece_is_merged_to_its_end() -> None:
    doubling = [(token, token, token + 1) for token in range(16)]
    assert Merges.learn(doubling).count([0] * 2**16) == 1

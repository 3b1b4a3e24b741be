"""The life of a reply: only the moves of the table are legal, and a refusal says expected and got."""

import itertools

import pytest

from conversations.states import EVENT, FINAL, MOVES, UNFINISHED, IllegalMove, State, check_move

LEGAL = {
    ("queued", "writing"),
    ("queued", "stopped"),
    ("queued", "failed"),
    ("writing", "complete"),
    ("writing", "stopped"),
    ("writing", "cut"),
    ("writing", "blocked"),
    ("writing", "failed"),
}


@pytest.mark.parametrize(("now", "to"), list(itertools.product(State, State)))
def test_exactly_the_documented_moves_are_legal(now: State, to: State) -> None:
    if (now.value, to.value) in LEGAL:
        check_move(now, to)
        return
    with pytest.raises(IllegalMove) as refusal:
        check_move(now, to)
    assert now.value in str(refusal.value)
    assert to.value in str(refusal.value)


def test_what_is_final_has_no_move_and_one_event() -> None:
    assert set(FINAL) | set(UNFINISHED) == set(State)
    assert not set(MOVES) & set(FINAL)
    assert set(EVENT) == set(FINAL)
    assert len(set(EVENT.values())) == len(EVENT)

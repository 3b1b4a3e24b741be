"""What the model reads: one branch, as it was said, and less of it when it does not fit."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from conversations.models import Message
from conversations.replies.turns import Said, fitted, shorter, turns_before
from inference.protocol import Turn
from tests.conversations.talk import reply_of, say, settle


def talk(roles: str, words: str = "") -> tuple[Said, ...]:
    turns = (Turn("user" if role == "u" else "assistant", f"{index}{words}") for index, role in enumerate(roles))
    return tuple(Said(turn, uuid4(), position) for position, turn in enumerate(turns))


@pytest.mark.parametrize("roles", ["uau", "uauau", "uu", "uauuau", "uauauauauauauauau", "uuuuu"])
def test_shorter_turns_begin_and_end_with_the_person(roles: str) -> None:
    turns = talk(roles)
    while len(turns) > 1:
        less = shorter(turns)
        assert len(less) < len(turns)
        assert less == turns[-len(less) :]
        assert less[0].turn.role == less[-1].turn.role == "user"
        turns = less
    assert shorter(turns) == turns


@given(st.lists(st.integers(1, 9), min_size=2, max_size=12), st.integers(0, 60))
def test_what_fits_is_the_newest_that_has_room(costs: list[int], room: int) -> None:
    said = talk("".join("ua"[index % 2] for index in range(len(costs))), "!")
    price = dict(zip((one.turn.text for one in said), costs, strict=True))
    kept = fitted(said, room, price.__getitem__)
    assert kept == said[-len(kept) :]
    assert len(kept) < len(said)
    assert kept[-1] == said[-1]
    assert len(kept) == 1 or kept[0].turn.role == "user"
    cost = sum(price[one.turn.text] for one in kept)
    assert cost <= room or len(kept) == 1
    more = said[-len(kept) - 2 :]
    if len(kept) + 2 < len(said) and more[0].turn.role == "user":
        assert sum(price[one.turn.text] for one in more) > room


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("model")
def test_the_turns_are_those_of_the_replys_own_branch(alice: User) -> None:
    first = say(alice, "One?")
    answer = settle(first, text="One.")
    stopped = settle(say(alice, "Two?", first.conversation), "stopped", "Tw")
    settle(say(alice, "Three?", first.conversation), "failed", "Thr")
    settle(say(alice, "Four?", first.conversation), "stopped", "")
    sent = say(alice, "Five?", first.conversation)
    last = reply_of(sent)
    said = turns_before(last)
    assert [(one.turn.role, one.turn.text) for one in said] == [
        ("user", "One?"),
        ("assistant", "One."),
        ("user", "Two?"),
        ("assistant", "Tw"),
        ("user", "Three?"),
        ("user", "Four?"),
        ("user", "Five?"),
    ]
    assert (said[0].message, said[0].position, said[-1].message) == (first.message, 0, sent.message)
    Message.objects.filter(pk=sent.message).update(parent=answer)
    branch = [one.turn.text for one in turns_before(last)]
    assert branch == ["One?", "One.", "Five?"]
    assert stopped.text not in branch

"""What the model reads: one branch, as it was said, and less of it when it does not fit."""

import pytest

from accounts.models import User
from conversations.models import Message
from conversations.turns import shorter, turns_before
from inference.protocol import Turn
from tests.conversations.talk import reply_of, say, settle


def talk(roles: str) -> tuple[Turn, ...]:
    return tuple(Turn("user" if role == "u" else "assistant", str(index)) for index, role in enumerate(roles))


@pytest.mark.parametrize("roles", ["uau", "uauau", "uu", "uauuau", "uauauauauauauauau", "uuuuu"])
def test_shorter_turns_begin_and_end_with_the_person(roles: str) -> None:
    turns = talk(roles)
    while len(turns) > 1:
        less = shorter(turns)
        assert len(less) < len(turns)
        assert less == turns[-len(less) :]
        assert less[0].role == less[-1].role == "user"
        turns = less
    assert shorter(turns) == turns


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
    said = [(turn.role, turn.text) for turn in turns_before(last)]
    assert said == [
        ("user", "One?"),
        ("assistant", "One."),
        ("user", "Two?"),
        ("assistant", "Tw"),
        ("user", "Three?"),
        ("user", "Four?"),
        ("user", "Five?"),
    ]
    Message.objects.filter(pk=sent.message).update(parent=answer)
    branch = [turn.text for turn in turns_before(last)]
    assert branch == ["One?", "One.", "Five?"]
    assert stopped.text not in branch

"""A conversation that no longer fits: the model forgets the oldest, as little as it must, and everybody is told."""

import pytest

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.replies.claimed import Memory
from conversations.replies.turns import Said
from conversations.services import Sent
from inference.model import Model
from inference.protocol import Turn
from tests.conversations.talk import reply_of, say, settle
from tests.web import Web
from tests.workers import Hire

pytestmark = pytest.mark.django_db(transaction=True)

WINDOW = 400


def long_talk(person: User, questions: int = 6) -> tuple[Conversation, Sent]:
    """So many questions of about fifty tokens, all but the last answered with as many."""
    sent = say(person, "Question 0 " + "words " * 32)
    for number in range(1, questions):
        settle(sent, text="answer " * 28)
        sent = say(person, f"Question {number} " + "words " * 32, sent.conversation)
    return sent.conversation, sent


def memory(model: Model, *texts: str) -> Memory:
    roles = ("user", "assistant")
    said = [Turn("user" if roles[number % 2] == "user" else "assistant", text) for number, text in enumerate(texts)]
    ids = [Message().pk for _ in said]
    return Memory(model, tuple(Said(turn, ids[number], number) for number, turn in enumerate(said)))


def test_as_much_is_kept_as_leaves_room_for_a_reply(alice: User, hire: Hire) -> None:
    conversation, sent = long_talk(alice)
    hire(window=WINDOW, echo=True).ticket().result(10)
    reply = reply_of(sent)
    assert reply.state == "complete"
    oldest = Message.objects.get(conversation=conversation, position=reply.remembered_from or 0)
    assert oldest.role == "user"
    assert 0 < oldest.position < reply.position - 2, "more than the question, less than all"
    turn = len("answer " * 28) // 4 + len("Question 0 " + "words " * 32) // 4
    assert reply.prompt_tokens <= WINDOW - WINDOW // 4 < reply.prompt_tokens + turn + 10


def test_whoever_reads_is_told_from_where_it_remembers(alice: User, hire: Hire, web: Web) -> None:
    conversation, sent = long_talk(alice)
    reader = web.follow(sent.reply)
    hire(window=WINDOW, echo=True).ticket().result(10)
    told = [frame for frame in reader.end().frames if frame["type"] == "context"]
    reply = reply_of(sent)
    oldest = Message.objects.get(conversation=conversation, position=reply.remembered_from or 0)
    assert told[0]["remembered_from"] == str(oldest.pk)
    late = web.follow(sent.reply).end()
    assert [frame for frame in late.frames if frame["type"] == "context"] == told[:1]


def test_nothing_is_said_of_it_while_all_fits(alice: User, hire: Hire, web: Web) -> None:
    _, sent = long_talk(alice, questions=2)
    reader = web.follow(sent.reply)
    hire(window=WINDOW, echo=True).ticket().result(10)
    assert "context" not in reader.end().types
    assert reply_of(sent).remembered_from is None


def test_the_system_turn_is_never_forgotten(model: Model) -> None:
    small = Model("small", "Small", "scripted", context_window=100, slots=1, system="Be brief.")
    kept = memory(small, "old " * 60, "answer " * 20, "The question?")
    assert [turn.role for turn in kept.turns] == ["system", "user", "assistant", "user"]
    assert kept.can_shrink
    kept.shrink(50)
    assert [turn.text for turn in kept.turns] == ["Be brief.", "The question?"]
    assert kept.oldest is not None
    assert kept.oldest.position == 2
    assert not kept.can_shrink


def test_what_still_does_not_fit_is_halved(model: Model) -> None:
    """An engine that counts otherwise finds the first cut too long."""
    texts = [f"turn {number}" for number in range(17)]
    kept = memory(Model("small", "Small", "scripted", context_window=10_000, slots=1), *texts)
    lengths = []
    while kept.can_shrink:
        kept.shrink(1000)
        lengths.append(len(kept.turns))
    assert lengths == [15, 7, 3, 1]

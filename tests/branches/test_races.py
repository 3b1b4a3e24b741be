"""The same conversation from several tabs at the same moment: one wins, the others are told, nothing is torn."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections, transaction

from accounts.models import User
from conversations.again import Wish, again
from conversations.branches import choose, erase
from conversations.models import Conversation, Message
from conversations.refusals import Refused
from conversations.services import Draft, Sent, send
from tests.branches.stories import once_more, talk
from tests.conversations.talk import say, settle
from tests.races import at_once
from tests.settings import DATABASE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model", "no_connections_left")]


def codes(answers: list[Any]) -> list[str]:
    return sorted(answer.code if isinstance(answer, Refused) else type(answer).__name__ for answer in answers)


def whole(conversation: Conversation) -> None:
    """What holds of a conversation whatever happened to it."""
    conversation.refresh_from_db()
    messages = list(conversation.messages.order_by("position"))
    assert conversation.length == len(messages)
    assert len({message.position for message in messages}) == len(messages)
    ids = {message.pk: message for message in messages}
    assert all(m.parent_id is None or ids[m.parent_id].position < m.position for m in messages)
    assert conversation.tip_id is None or conversation.tip_id in ids
    assert sum(message.state == "queued" for message in messages) <= 1


def test_of_four_who_ask_again_one_gets_a_reply(alice: User) -> None:
    one, reply = talk(alice, "one")
    answers = at_once(*(lambda: once_more(alice, reply) for _ in range(4)))
    assert codes(answers) == ["Sent", "busy", "busy", "busy"]
    whole(one.conversation)


@pytest.mark.parametrize("goes_on", [False, True])
def test_one_wish_said_four_times_is_one_reply(alice: User, *, goes_on: bool) -> None:
    sent = say(alice)
    settle(sent, "stopped", "Half of it")
    wish = Wish(uuid4(), sent.reply, goes_on=goes_on)
    answers = at_once(*(lambda: again(alice, wish) for _ in range(4)))
    assert codes(answers) == ["Sent"] * 4
    assert len({answer.reply for answer in answers}) == 1
    assert Message.objects.count() == 3
    whole(sent.conversation)


def test_an_edit_a_wish_and_a_message_at_once_are_one_of_them(alice: User) -> None:
    one, reply = talk(alice, "one")
    place = one.conversation_id
    answers = at_once(
        lambda: send(alice, Draft(uuid4(), "edited", place, None, branch=True)),
        lambda: once_more(alice, reply),
        lambda: send(alice, Draft(uuid4(), "more", place, reply.pk)),
        lambda: send(alice, Draft(uuid4(), "and more", place, reply.pk)),
    )
    assert codes(answers) == ["Sent", "busy", "busy", "busy"]
    whole(one.conversation)


@pytest.mark.parametrize("round_", range(3))
def test_erasing_what_others_write_below_leaves_nothing_torn(alice: User, round_: int) -> None:
    one, reply, two, last = talk(alice, "one", "two")
    place = one.conversation_id
    calls: list[Callable[[], Any]] = [
        lambda: erase(alice, two.pk),
        lambda: once_more(alice, last),
        lambda: send(alice, Draft(uuid4(), "more", place, last.pk)),
        lambda: choose(alice, last.pk),
        lambda: erase(alice, reply.pk),
    ]
    answers = at_once(*calls[round_:], *calls[:round_])
    allowed = {"Sent", "Turned", "busy", "stale", "DoesNotExist"}
    assert set(codes(answers)) <= allowed, answers
    whole(one.conversation)
    kept = Message.objects.filter(pk=two.pk).exists()
    assert kept or not any(isinstance(answer, Sent) for answer in answers)


def test_of_four_who_erase_one_does(alice: User) -> None:
    one, reply, *_ = talk(alice, "one", "two")
    answers = at_once(*(lambda: erase(alice, reply.pk) for _ in range(4)))
    assert codes(answers) == ["DoesNotExist"] * 3 + ["Turned"]
    assert Message.objects.get() == one
    whole(one.conversation)


def test_in_two_conversations_at_once_each_gets_a_reply(alice: User, bob: User) -> None:
    (_, hers), (_, his) = talk(alice, "one"), talk(bob, "one")
    answers = at_once(lambda: once_more(alice, hers), lambda: once_more(bob, his))
    assert codes(answers) == ["Sent", "Sent"]


@pytest.mark.skipif(DATABASE == "sqlite", reason="one writer at a time")
def test_two_conversations_do_not_wait_for_each_other(alice: User, bob: User) -> None:
    (_, hers), (_, his) = talk(alice, "one"), talk(bob, "one")

    def asked(user: User, reply: Message) -> Sent:
        try:
            return once_more(user, reply)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads, transaction.atomic():
        Conversation.objects.select_for_update().get(pk=hers.conversation_id)
        waits = threads.submit(asked, alice, hers)
        assert threads.submit(asked, bob, his).result(15)
        assert not waits.done(), "the premise: in the same conversation one does wait"
    assert waits.result(15)

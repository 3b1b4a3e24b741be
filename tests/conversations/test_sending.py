"""Sending: what is saved, once, and what is refused."""

from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from redis import Redis

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.refusals import Refused
from conversations.replies.tickets import tickets_waiting
from conversations.services import Draft, Sent, send
from inference.model import Model
from tests.conversations.talk import reply_of, say, settle
from tests.races import at_once
from tests.stores import OwnRedis

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model", "no_connections_left")]


def refusal(user: User, text: str = "Hello?", **more: Any) -> Refused:
    """Why this cannot be sent; nothing of it may be saved."""
    before = list(Message.objects.values_list("pk"))
    with pytest.raises(Refused) as refused:
        say(user, text, **more)
    assert list(Message.objects.values_list("pk")) == before
    return refused.value


def test_alice_sends_a_message(alice: User, model: Model) -> None:
    sent = say(alice, "What is a fence?")
    conversation = Conversation.objects.get()
    question, reply = conversation.messages.all()
    assert (sent.conversation, sent.message, sent.reply, sent.first) == (conversation, question.pk, reply.pk, True)
    assert (conversation.owner, conversation.title, conversation.length) == (alice, "What is a fence?", 2)
    assert (question.role, question.text, question.state) == ("user", "What is a fence?", "complete")
    assert (reply.role, reply.text, reply.state, reply.model) == ("assistant", "", "queued", model.name)
    assert reply.parent == question
    assert tickets_waiting(model.name) == 1


def test_a_conversation_goes_on_where_it_was(alice: User) -> None:
    first = say(alice)
    answer = settle(first)
    second = say(alice, "And then?", first.conversation, parent=answer.pk)
    assert second.conversation == first.conversation
    assert not second.first
    positions = list(first.conversation.messages.values_list("position", "role"))
    assert positions == [(0, "user"), (1, "assistant"), (2, "user"), (3, "assistant")]
    assert Message.objects.get(pk=second.message).parent == answer


@pytest.mark.parametrize("text", ["", " \n\t ", "\u3000"])
def test_a_message_without_words_is_refused(alice: User, text: str) -> None:
    assert refusal(alice, text).code == "empty"


def test_the_limit_of_characters_is_exact(alice: User) -> None:
    assert say(alice, "字" * 32_000).first
    for length in (32_001, 200_000):
        no = refusal(alice, "字" * length)
        assert (no.code, no.allowed) == ("too_long", 32_000)
        assert str(length) in str(no.detail)


def test_a_model_that_is_not_served_is_refused(alice: User, model: Model) -> None:
    assert say(alice, model=model.name).first
    no = refusal(alice, model="gpt-9")
    assert (no.code, no.allowed) == ("unknown_model", model.name)
    assert str(no.detail) == f"There is no model gpt-9 here. You may use: {model.name}."


def test_what_is_not_alices_is_not_found(alice: User, bob: User, grace: User) -> None:
    hers = say(alice).conversation
    settle(Sent(hers, uuid4(), hers.messages.get(position=1).pk, first=True))
    for stranger in (bob, grace):
        with pytest.raises(Conversation.DoesNotExist):
            say(stranger, "Let me in", hers)
    with pytest.raises(Conversation.DoesNotExist):
        send(alice, Draft(uuid4(), "Nobody's", conversation=uuid4()))
    assert hers.messages.count() == 2
    assert say(alice, "It is mine", hers)


def test_a_second_message_waits_for_the_reply(alice: User) -> None:
    first = say(alice)
    assert refusal(alice, "Hurry!", conversation=first.conversation).code == "busy"
    Message.objects.filter(pk=first.reply).update(state="writing")
    assert refusal(alice, "Hurry!", conversation=first.conversation).code == "busy"
    settle(first)
    assert say(alice, "Thanks.", first.conversation)


def test_a_page_that_missed_something_is_told(alice: User) -> None:
    first = say(alice)
    answer = settle(first)
    settle(say(alice, "From another tab", first.conversation))
    assert refusal(alice, "From the old tab", conversation=first.conversation, parent=answer.pk).code == "stale"
    assert refusal(alice, "A new one has no parent", parent=answer.pk).code == "stale"


def test_the_same_message_is_saved_once(alice: User, model: Model) -> None:
    name = uuid4()
    first = say(alice, client_id=name)
    assert say(alice, client_id=name) == first
    answer = settle(first)
    name = uuid4()
    second = say(alice, "More", first.conversation, client_id=name, parent=answer.pk)
    assert say(alice, "More", first.conversation, client_id=name, parent=answer.pk) == second
    assert Message.objects.count() == 4
    assert tickets_waiting(model.name) == 2


def test_two_people_may_choose_the_same_name(alice: User, bob: User) -> None:
    name = uuid4()
    assert say(alice, client_id=name).conversation != say(bob, client_id=name).conversation


@pytest.mark.parametrize("begun", [False, True])
def test_the_same_message_sent_twice_at_the_same_moment_is_saved_once(
    alice: User, model: Model, empty_redis: Redis, *, begun: bool
) -> None:
    conversation = None
    if begun:
        earlier = say(alice)
        settle(earlier)
        conversation = earlier.conversation.pk
    empty_redis.flushall()
    before = Message.objects.count()
    draft = Draft(uuid4(), "Twice", conversation)

    first, *others = at_once(*[partial(send, alice, draft)] * 4)
    assert all(other == first for other in others)
    assert Message.objects.count() == before + 2
    assert tickets_waiting(model.name) == 1


def test_different_messages_at_the_same_moment_do_not_share_a_place(alice: User) -> None:
    first = say(alice)
    settle(first)
    drafts = [Draft(uuid4(), f"Number {n}", first.conversation.pk) for n in range(4)]

    answers = at_once(*(partial(send, alice, draft) for draft in drafts))
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert {answer.code for answer in refused} == {"busy"}
    assert len(refused) == 3
    assert first.conversation.messages.count() == 4


def test_a_nul_character_is_replaced_everywhere(alice: User) -> None:
    sent = say(alice, "\x00zero\x00")
    assert Message.objects.get(pk=sent.message).text == "\ufffdzero\ufffd"
    assert "\x00" not in Conversation.objects.get().title


def test_text_is_kept_as_it_was_written(alice: User) -> None:
    text = "  two spaces\r\n\ttab 👩‍👩‍👧 e\u0301 \u202eright to left\u202c <script>alert(1)</script>\n\n"
    assert Message.objects.get(pk=say(alice, text).message).text == text


def test_while_the_broker_is_away_the_message_is_saved_all_the_same(
    alice: User, model: Model, own_redis: OwnRedis
) -> None:
    settle(first := say(alice))
    assert tickets_waiting(model.name) == 1
    own_redis.kill()
    second = say(alice, "Can you hear me?", first.conversation)
    assert reply_of(second).state == "queued"
    own_redis.start()
    assert tickets_waiting(model.name) == 1
    settle(second)
    say(alice, "And now?", first.conversation)
    assert tickets_waiting(model.name) == 2

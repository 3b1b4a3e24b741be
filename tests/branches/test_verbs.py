"""Sending into branches, asking again, choosing and erasing: what is saved, once, and what is refused."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from conversations.branches import choose, erase
from conversations.models import Conversation, Message
from conversations.refusals import Refused
from conversations.replies.tickets import queue_ticket, tickets_waiting
from conversations.replies.turns import turns_before
from inference.model import Model
from limits.models import Usage
from moderation.models import Incident, Rule
from tests.branches.stories import edit, once_more, stopped, talk, texts
from tests.conversations.talk import reply_of, say, settle
from tests.limits.stories import policy

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model", "no_connections_left")]


def refusal(act: Callable[[], Any]) -> Refused:
    """Why this is refused; nothing of it may be saved."""
    before = list(Message.objects.order_by("pk").values_list("pk", "text", "state"))
    with pytest.raises(Refused) as no:
        act()
    assert list(Message.objects.order_by("pk").values_list("pk", "text", "state")) == before
    return no.value


def test_an_edited_message_stands_beside_the_first_and_the_model_reads_its_branch_only(alice: User) -> None:
    _, reply, two, _ = talk(alice, "one", "two")
    sent = edit(alice, two, "three")
    assert (sent.first, sent.beside) == (False, None)
    message = Message.objects.get(pk=sent.message)
    assert (message.parent, message.position) == (reply, 4)
    assert [one.turn.text for one in turns_before(reply_of(sent))] == ["one", "On one", "three"]
    assert Conversation.objects.get().tip_id == sent.reply
    assert Conversation.objects.get().length == 6


def test_below_an_older_message_one_must_want_a_branch(alice: User) -> None:
    one, reply, *_ = talk(alice, "one", "two")
    assert refusal(lambda: say(alice, "three", one.conversation, parent=reply.pk)).code == "stale"
    assert refusal(lambda: say(alice, "three", one.conversation, parent=uuid4(), branch=True)).code == "stale"
    settle(edit(alice, one, "another root"))
    assert Message.objects.filter(parent=None).count() == 2


def test_each_branch_goes_on_by_itself(alice: User) -> None:
    one, _, two, old = talk(alice, "one", "two")
    settle(new := edit(alice, two, "three"), text="On three")
    settle(say(alice, "old goes on", one.conversation, parent=old.pk), text="Well")
    assert texts(one.conversation) == ["one", "On one", "two", "On two", "old goes on", "Well"]
    settle(say(alice, "new goes on", one.conversation, parent=new.reply), text="Well")
    assert texts(one.conversation) == ["one", "On one", "three", "On three", "new goes on", "Well"]
    settle(say(alice, "wherever I am", one.conversation))
    assert texts(one.conversation)[-3:] == ["Well", "wherever I am", "An answer."]


def test_a_reply_is_asked_for_again(alice: User, model: Model) -> None:
    one, reply = talk(alice, "one")
    queue_ticket(model.name)
    waiting = tickets_waiting(model.name)
    sent = once_more(alice, reply)
    new = reply_of(sent)
    assert (new.parent, new.state, new.text, new.continues) == (one, "queued", "", None)
    assert (sent.message, sent.beside, sent.cursor, sent.first) == (one.pk, reply.pk, None, False)
    assert (Conversation.objects.get().tip_id, Conversation.objects.get().length) == (new.pk, 3)
    assert tickets_waiting(model.name) == waiting + 1
    assert [turn.turn.text for turn in turns_before(new)] == ["one"]


@pytest.mark.parametrize("state", ["complete", "failed", "blocked", "stopped", "cut"])
def test_whatever_became_of_a_reply_there_may_be_another(alice: User, state: str) -> None:
    settle(sent := say(alice), state)
    assert reply_of(once_more(alice, sent.reply)).parent_id == sent.message


def test_while_a_reply_is_written_nothing_else_begins_in_its_conversation(alice: User) -> None:
    one, reply = talk(alice, "one")
    running = once_more(alice, reply)
    assert refusal(lambda: once_more(alice, reply)).code == "busy"
    assert refusal(lambda: once_more(alice, running.reply)).code == "busy"
    assert refusal(lambda: edit(alice, one, "other")).code == "busy"
    assert refusal(lambda: say(alice, "more", one.conversation, parent=reply.pk)).code == "busy"
    assert say(alice, "elsewhere").first


def test_the_same_wish_is_saved_once(alice: User) -> None:
    one, reply = talk(alice, "one")
    name = uuid4()
    sent = once_more(alice, reply, client_id=name)
    assert once_more(alice, reply, client_id=name) == sent
    settle(sent)
    assert once_more(alice, reply, client_id=name) == sent
    name = uuid4()
    sent = edit(alice, one, "two", client_id=name)
    assert edit(alice, one, "two", client_id=name) == sent
    assert Message.objects.count() == 5


def test_one_name_is_one_thing(alice: User) -> None:
    name = uuid4()
    settle(sent := say(alice, client_id=name))
    assert refusal(lambda: once_more(alice, sent.reply, client_id=name)).code == "stale"
    other = uuid4()
    settle(once_more(alice, sent.reply, client_id=other))
    assert refusal(lambda: say(alice, "more", sent.conversation, client_id=other)).code == "stale"
    erase(alice, reply_of(sent).pk)
    for reply in Message.objects.replies():
        erase(alice, reply.pk)
    assert refusal(lambda: say(alice, "Hello?", sent.conversation, client_id=name)).code == "stale"


def test_a_question_without_a_reply_gets_one(alice: User) -> None:
    one, reply = talk(alice, "one")
    erase(alice, reply.pk)
    sent = once_more(alice, one)
    assert reply_of(sent).parent == one


def test_what_is_not_alices_is_not_found(alice: User, bob: User, mallory: User, grace: User) -> None:
    one, reply = talk(alice, "one")
    acts: list[Callable[[User], Any]] = [
        lambda person: once_more(person, reply),
        lambda person: once_more(person, reply, goes_on=True),
        lambda person: choose(person, reply.pk),
        lambda person: erase(person, one.pk),
    ]
    for stranger in (bob, mallory, grace):
        for act in acts:
            with pytest.raises(Message.DoesNotExist):
                act(stranger)
        with pytest.raises(Conversation.DoesNotExist):
            edit(stranger, one, "mine")
    assert texts(one.conversation) == ["one", "On one"]


def test_a_rule_of_today_stops_what_was_said_before_it(alice: User) -> None:
    _, reply = talk(alice, "a secret")
    Rule.objects.create(name="no", kind="words", scope="prompt", words="secret", action="block", dry_run=False)
    no = refusal(lambda: once_more(alice, reply))
    assert no.code == "blocked"
    assert str(Incident.objects.get().pk) == no.more["incident"]


def test_asking_again_costs_as_a_message_does(alice: User) -> None:
    _, reply = talk(alice, "one")
    before = Usage.objects.get()
    sent = once_more(alice, reply)
    entry = Usage.objects.get(reply=sent.reply)
    assert (entry.state, entry.reserved) == ("reserved", before.reserved)
    settle(sent)
    policy(alice, requests_per_minute=2)
    assert refusal(lambda: once_more(alice, reply)).code == "too_many"
    policy(alice, tokens_per_day=100, requests_per_minute=100)
    assert refusal(lambda: once_more(alice, reply)).code == "quota_day"


def test_the_turns_of_a_conversation_are_those_of_a_branch(alice: User) -> None:
    policy(alice, conversation_turns=2)
    one, reply, two, last = talk(alice, "one", "two")
    assert refusal(lambda: say(alice, "three", one.conversation, parent=last.pk)).code == "conversation_full"
    settle(edit(alice, two, "instead"))
    settle(once_more(alice, last))
    settle(edit(alice, one, "from the start"))
    settle(say(alice, "and on", one.conversation))
    assert refusal(lambda: say(alice, "three", one.conversation)).code == "conversation_full"
    assert reply.children.count() == 2


def test_a_text_before_which_nothing_was_counted_counts_by_its_branch(alice: User) -> None:
    one, _, _, long = talk(alice, "one " * 3000, "two")
    other = edit(alice, one, "short")
    settle(other)
    policy(alice, conversation_tokens=1000)
    more = say(alice, "more", one.conversation, parent=other.reply)
    assert texts(more.conversation) == ["short", "An answer.", "more", ""]
    settle(more)
    no = refusal(lambda: say(alice, "more", one.conversation, parent=long.pk, branch=True))
    assert (no.code, no.allowed) == ("conversation_full", 1000)


def test_a_version_that_is_chosen_is_shown_from_then_on(alice: User) -> None:
    one, _, two, old = talk(alice, "one", "two")
    settle(edit(alice, two, "three"))
    turned = choose(alice, two.pk)
    assert [node.id for node in turned.way][-2:] == [two.pk, old.pk]
    assert turned.parent == two.parent_id
    assert texts(one.conversation)[-1] == "On two"
    assert choose(alice, one.pk).parent is None


def test_what_is_erased_is_gone_with_all_below(alice: User) -> None:
    one, reply, two, _ = talk(alice, "one", "two")
    settle(once_more(alice, reply))
    turned = erase(alice, two.pk)
    assert (turned.parent, [node.id for node in turned.way]) == (reply.pk, [one.pk, reply.pk])
    assert Message.objects.count() == Conversation.objects.get().length == 3
    with pytest.raises(Message.DoesNotExist):
        erase(alice, two.pk)
    erase(alice, one.pk)
    assert (Message.objects.count(), Conversation.objects.get().length, Conversation.objects.get().tip) == (0, 0, None)
    settle(again := say(alice, "anew", one.conversation))
    assert texts(again.conversation) == ["anew", "An answer."]


def test_of_several_versions_the_one_before_is_shown_then(alice: User) -> None:
    one, first = talk(alice, "one")
    second, third = (settle(once_more(alice, first)).pk for _ in range(2))
    assert erase(alice, second).way[-1].id == first.pk
    assert Conversation.objects.get().tip_id == third, "what another tab shows stays"
    assert erase(alice, first.pk).way[-1].id == third
    assert erase(alice, third).way[-1].id == one.pk
    assert Conversation.objects.get().tip_id == one.pk


def test_nothing_is_erased_above_a_reply_that_is_written(alice: User) -> None:
    one, reply, _, last = talk(alice, "one", "two")
    running = once_more(alice, last)
    for message in (one.pk, reply.pk, running.reply):
        assert refusal(partial(erase, alice, message)).code == "busy"
    erase(alice, last.pk)
    assert reply_of(running).state == "queued"


def test_a_place_is_not_given_twice(alice: User) -> None:
    one, reply, *_ = talk(alice, "one", "two")
    settle(once_more(alice, reply))
    erase(alice, reply.pk)
    settle(say(alice, "three", one.conversation))
    places = list(Message.objects.order_by("position").values_list("position", flat=True))
    assert places == [0, 4, 5, 6]


def test_a_long_branch_is_erased_by_few_queries(
    alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    one, *_ = talk(alice, *map(str, range(60)))
    with django_assert_max_num_queries(40):
        erase(alice, one.pk)
    assert not Message.objects.exists()


def test_only_what_broke_off_can_be_continued(alice: User) -> None:
    settle(sent := say(alice))
    assert refusal(lambda: once_more(alice, sent.reply, goes_on=True)).code == "cannot_continue"
    settle(sent, "stopped", "")
    assert refusal(lambda: once_more(alice, sent.reply, goes_on=True)).code == "cannot_continue"
    settle(sent, "failed", "half")
    assert refusal(lambda: once_more(alice, sent.reply, goes_on=True)).code == "cannot_continue"
    assert refusal(lambda: once_more(alice, sent.message, goes_on=True)).code == "cannot_continue"


def test_what_continues_begins_as_that_did_and_reserves_what_is_new(alice: User) -> None:
    policy(alice, output_tokens=100)
    old = stopped(alice, "Es war einmäl")
    Message.objects.filter(pk=old.pk).update(options={"temperature": 0.5}, reasoning="hm")
    sent = once_more(alice, old, goes_on=True)
    new = reply_of(sent)
    assert (new.text, new.reasoning, new.continues, new.options) == ("Es war einmäl", "hm", old, {"temperature": 0.5})
    assert (new.inherited_tokens, new.completion_tokens, new.max_tokens) == (3, 3, 103)
    assert sent.cursor == [0, 2, 14]
    assert Usage.objects.get(reply=new.pk).reserved == 100
    assert old.parent == new.parent


def test_a_model_that_cannot_go_on_says_so(alice: User, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    old = stopped(alice)
    monkeypatch.setitem(model.options, "continues_prefix", False)
    assert refusal(lambda: once_more(alice, old, goes_on=True)).code == "cannot_continue"
    assert once_more(alice, old)


def test_what_goes_on_stays_within_the_limits_of_a_conversation(alice: User) -> None:
    old = stopped(alice, tokens=900)
    policy(alice, conversation_tokens=1_000)
    sent = once_more(alice, old, goes_on=True)
    settle(sent, "stopped", "It was once upon")
    Message.objects.filter(pk=sent.reply).update(completion_tokens=1_100)
    no = refusal(lambda: once_more(alice, sent.reply, goes_on=True))
    assert (no.code, no.allowed) == ("conversation_full", 1_000)
    assert once_more(alice, old)


def test_what_goes_on_keeps_only_the_parameters_that_one_may_still_set(alice: User) -> None:
    old, options = stopped(alice), {"instructions": "Be a pirate.", "temperature": 0.5}
    Message.objects.filter(pk=old.pk).update(options=options)
    expected: list[tuple[dict[str, bool], Any]] = [
        ({}, options),
        ({"may_set_instructions": False}, {"temperature": 0.5}),
        ({"may_set_instructions": False, "may_set_parameters": False}, None),
    ]
    for limits, kept in expected:
        policy(alice, **limits)
        sent = once_more(alice, old, goes_on=True)
        assert reply_of(sent).options == kept
        settle(sent)

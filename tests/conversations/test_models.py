"""Which model answers: the conversation's, another for one reply, and what is left when one is withdrawn."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from conversations import frames, offered, services
from conversations.again import Wish, again
from conversations.models import Conversation, Message
from conversations.parameters import NOTHING, Chosen, instructions
from conversations.refusals import Refused
from conversations.replies import places
from conversations.replies.naming import ask
from conversations.replies.sweeper import sweep
from conversations.replies.tickets import queue_ticket, tickets_waiting
from conversations.services import Draft, Sent
from inference import presence, serving
from inference.events.client import blocking_client
from inference.model import Model
from limits.models import Policy, Usage
from limits.policies import limits_of
from tests.conversations.talk import reply_of, say, settle
from tests.parameters.asked import listening
from tests.waiting import until
from tests.workers import STORY, Hire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("two")]

OTHER = "second"


@pytest.fixture
def two(model: Model, monkeypatch: pytest.MonkeyPatch) -> tuple[Model, Model]:
    """The site serves two models; the second has a small window and thinks."""
    second = replace(model, name=OTHER, label="Second", context_window=1024, slots=2, reasoning=True)
    monkeypatch.setattr(serving, "models", lambda: (model, second))
    return model, second


def refused(act: Any, *arguments: Any) -> Refused:
    before = Message.objects.count(), Usage.objects.count()
    with pytest.raises(Refused) as no:
        act(*arguments)
    assert (Message.objects.count(), Usage.objects.count()) == before
    return no.value


def begin(person: User, name: str = OTHER, text: str = "Hello?") -> Sent:
    return services.send(person, Draft(uuid4(), text, parameters=Chosen(model=name)))


def choose(person: User, sent: Sent, name: str) -> Chosen:
    return instructions.set_parameters(person, sent.conversation.pk, Chosen(model=name))


# --- The choice -------------------------------------------------------------------------------------------------------


def test_the_default_answers_until_another_is_chosen(alice: User) -> None:
    sent = say(alice)
    assert reply_of(sent).model == "scripted"
    settle(sent)
    assert choose(alice, sent, OTHER).model == OTHER
    later = say(alice, "And?", sent.conversation)
    assert reply_of(later).model == OTHER
    assert Usage.objects.get(reply=later.reply).model == OTHER
    settle(later)
    choose(alice, sent, "")
    assert reply_of(say(alice, "And?", sent.conversation)).model == "scripted"


def test_a_conversation_begins_with_the_one_that_was_picked(alice: User) -> None:
    sent = begin(alice)
    assert (reply_of(sent).model, Conversation.objects.get().model) == (OTHER, OTHER)
    assert reply_of(sent).options is None
    assert tickets_waiting(OTHER) == 1
    assert tickets_waiting("scripted") == 0


def test_a_send_may_name_another_for_its_reply_alone(alice: User) -> None:
    sent = begin(alice)
    settle(sent)
    once = say(alice, "And?", sent.conversation, model="scripted")
    assert (reply_of(once).model, Conversation.objects.get().model) == ("scripted", OTHER)
    settle(once)
    assert reply_of(say(alice, "And?", sent.conversation)).model == OTHER


def test_a_reply_is_written_again_by_another(alice: User) -> None:
    sent = say(alice)
    settle(sent, "stopped")
    other = again(alice, Wish(uuid4(), sent.reply, model=OTHER))
    assert (reply_of(other).model, Conversation.objects.get().model) == (OTHER, "")
    settle(other)
    assert reply_of(again(alice, Wish(uuid4(), sent.reply))).model == "scripted"


def test_what_is_continued_goes_on_with_the_model_that_began_it(alice: User) -> None:
    sent = say(alice)
    settle(sent, "cut", "A beginning")
    choose(alice, sent, OTHER)
    assert reply_of(again(alice, Wish(uuid4(), sent.reply, goes_on=True))).model == "scripted"


def test_what_is_continued_goes_on_with_another_when_its_own_is_gone(
    alice: User, two: tuple[Model, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = begin(alice)
    settle(sent, "cut", "A beginning")
    monkeypatch.setattr(serving, "models", lambda: two[:1])
    assert reply_of(again(alice, Wish(uuid4(), sent.reply, goes_on=True))).model == "scripted"


def test_nobody_sets_the_model_of_anothers(alice: User, bob: User, grace: User) -> None:
    sent = say(alice)
    for person in (bob, grace):
        with pytest.raises(Conversation.DoesNotExist):
            choose(person, sent, OTHER)
    with pytest.raises(Conversation.DoesNotExist):
        services.send(bob, Draft(uuid4(), "Mine now?", sent.conversation.pk))
    assert Conversation.objects.get().model == ""


# --- What is not there, or not allowed --------------------------------------------------------------------------------


def test_a_model_that_is_not_served_is_refused_with_those_that_are(alice: User) -> None:
    for act in (
        lambda: begin(alice, "third"),
        lambda: services.send(alice, Draft(uuid4(), "Hi", model="third")),
        lambda: choose(alice, say(alice), "third"),
    ):
        with pytest.raises(Refused) as no:
            act()
        assert (no.value.code, no.value.allowed) == ("unknown_model", "scripted, second")


def test_a_policy_forbids_one(alice: User, bob: User) -> None:
    Policy.objects.create(user=alice, models=["scripted"])
    assert [model.name for model in offered.offered(limits_of(alice.pk))] == ["scripted"]
    no = refused(begin, alice)
    assert (no.code, no.allowed) == ("model", "scripted")
    sent = say(alice)
    settle(sent)
    assert refused(choose, alice, sent, OTHER).code == "model"
    assert refused(again, alice, Wish(uuid4(), sent.reply, model=OTHER)).code == "model"
    assert begin(bob)


def test_what_began_with_one_that_is_forbidden_since_goes_on_with_what_is_allowed(alice: User) -> None:
    sent = begin(alice)
    settle(sent, "cut", "A beginning")
    Policy.objects.create(user=alice, models=["scripted"])
    later: list[Sent] = []
    acts: tuple[Callable[[], Sent], ...] = (
        lambda: again(alice, Wish(uuid4(), sent.reply, goes_on=True)),
        lambda: again(alice, Wish(uuid4(), sent.reply)),
        lambda: services.send(alice, Draft(uuid4(), "Edited", sent.conversation.pk, branch=True)),
    )
    for act in acts:
        later.append(act())
        settle(later[-1])
    assert [reply_of(one).model for one in later] == ["scripted"] * 3


def test_who_may_not_use_the_default_is_answered_by_the_first_allowed(alice: User) -> None:
    Policy.objects.create(user=alice, models=[OTHER])
    assert reply_of(say(alice)).model == OTHER


def test_who_may_use_none_is_told_so(alice: User) -> None:
    Policy.objects.create(user=alice, models=[])
    assert refused(say, alice).code == "model"
    assert offered.in_force("", limits_of(alice.pk)).name == "scripted"


def test_a_withdrawn_choice_falls_back_to_the_default(
    alice: User, two: tuple[Model, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = begin(alice)
    settle(sent)
    Policy.objects.create(user=alice, models=["scripted"])
    later = say(alice, "And?", sent.conversation)
    assert (reply_of(later).model, Conversation.objects.get().model) == ("scripted", OTHER)
    settle(later)
    Policy.objects.all().delete()
    monkeypatch.setattr(serving, "models", lambda: two[:1])
    last = say(alice, "And?", sent.conversation)
    assert reply_of(last).model == "scripted"
    settle(last)
    monkeypatch.setattr(serving, "models", lambda: two)
    assert reply_of(say(alice, "And?", sent.conversation)).model == OTHER


def test_an_effort_is_of_the_model_that_answers(alice: User) -> None:
    """Chosen for one that thinks, it says nothing to another, and is not lost."""
    sent = services.send(alice, Draft(uuid4(), "Hi", parameters=Chosen(model=OTHER, effort="high")))
    assert reply_of(sent).options == {"effort": "high"}
    settle(sent)
    once = say(alice, "And?", sent.conversation, model="scripted")
    assert reply_of(once).options is None
    settle(once)
    assert reply_of(say(alice, "And?", sent.conversation)).options == {"effort": "high"}
    assert refused(services.send, alice, Draft(uuid4(), "Hi", parameters=Chosen(effort="high"))).code == "effort"


@pytest.mark.parametrize("value", [3, ["scripted"], "x" * 101])
def test_a_name_that_is_none_is_malformed(value: Any) -> None:
    for said in ({"type": "send", "text": "Hi"}, {"type": "again", "reply": str(uuid4())}):
        with pytest.raises(frames.Malformed, match="model must be the name of a model"):
            frames.command({**said, "client_id": str(uuid4()), "model": value})
    with pytest.raises(frames.Malformed, match="model must be the name of a model"):
        frames.parameters({"model": value})


def test_frames_bring_the_name() -> None:
    reply: UUID = uuid4()
    wish = frames.command({"type": "again", "client_id": str(uuid4()), "reply": str(reply), "model": OTHER})
    assert isinstance(wish, frames.Again)
    assert (wish.wish.model, wish.wish.reply) == (OTHER, reply)
    assert frames.parameters({"model": OTHER}) == replace(NOTHING, model=OTHER)


def test_a_plain_send_asks_for_no_model_where_there_is_one(
    alice: User, two: tuple[Model, Model], monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    """One query more is paid only by sites where there is something to choose."""
    sent = say(alice)
    draft, limits = Draft(uuid4(), "And?", sent.conversation.pk), limits_of(alice.pk)
    with django_assert_num_queries(1):
        assert services._chosen_model(alice, draft, limits) == "scripted"
    monkeypatch.setattr(serving, "models", lambda: two[:1])
    with django_assert_num_queries(0):
        assert services._chosen_model(alice, draft, limits) == ""


# --- Workers of two models -------------------------------------------------------------------------------------------


def test_each_worker_takes_what_is_its_models(alice: User, hire: Hire, two: tuple[Model, Model]) -> None:
    first, second = hire(tokens=3), hire(model=two[1], text="I am the second.")
    mine, others = say(alice), begin(alice)
    second.ticket().result(15)
    assert (reply_of(mine).state, reply_of(others).text) == ("queued", "I am the second.")
    first.ticket().result(15)
    assert (reply_of(mine).state, reply_of(mine).model) == ("complete", "scripted")


def test_a_place_is_of_the_replys_model_and_so_is_hope(alice: User, bob: User, hire: Hire) -> None:
    """Nobody waits behind those who wait for another model, and a model without a worker says so."""
    hire()
    until(lambda: presence.state_of(blocking_client(), "scripted") == "ready")
    ahead = [begin(bob) for _ in range(3)]
    waits, last = say(alice), begin(alice)
    places._look.cache_clear()
    assert places.place(waits.reply, "scripted") == places.Place(0, None)
    assert places.place(last.reply, OTHER).ahead == 1  # after bob's first: alice has none in writing
    assert places.place(ahead[-1].reply, OTHER).wait_s is None
    assert presence.states_of(blocking_client(), ("scripted", OTHER)) == {"scripted": "ready", OTHER: "away"}


def test_replies_at_once_and_turns_are_counted_model_by_model(
    alice: User, hire: Hire, two: tuple[Model, Model]
) -> None:
    """Who has one reply in writing by the first is as good as anybody in the queue of the second."""
    Policy.objects.create(user=alice, replies_at_once=1)
    first, second = hire(text=STORY, rate=50), hire(model=two[1], text="I am the second.")
    slow = say(alice)
    writing = first.ticket()
    until(lambda: len(first.worker.live) == 1)
    quick = begin(alice)
    second.ticket().result(15)
    assert (reply_of(quick).state, reply_of(slow).state) == ("complete", "writing")
    services.stop(alice, slow.reply)
    writing.result(15)


def test_a_long_conversation_fits_a_smaller_window(alice: User, hire: Hire, two: tuple[Model, Model]) -> None:
    first, second = hire(text=STORY, rate=2000), hire(model=two[1], text="Short.")
    Policy.objects.create(user=alice, output_tokens=100)
    sent = say(alice, "word " * 300)
    for _ in range(3):
        first.ticket().result(15)
        sent = say(alice, "word " * 300, sent.conversation)
    first.ticket().result(15)
    choose(alice, sent, OTHER)
    asked = listening(second)
    last = say(alice, "And what did I say first?", sent.conversation)
    second.ticket().result(15)
    reply = reply_of(last)
    assert (reply.state, reply.text, reply.model) == ("complete", "Short.", OTHER)
    assert reply.remembered_from is not None
    assert reply.remembered_from > 0
    assert len(asked[-1].turns) < len(asked[0].turns)
    assert asked[-1].turns[-1].text == "And what did I say first?"
    no = refused(say, alice, "word " * 1_500, sent.conversation)
    assert no.code == "too_long"


def test_a_title_is_written_by_the_model_that_answered(
    alice: User, hire: Hire, two: tuple[Model, Model], settings: Any
) -> None:
    settings.TITLES = True
    second = hire(model=replace(two[1], titles=True), text="A title of its own")
    sent = begin(alice)
    asked = listening(second)
    second.ticket().result(15)
    until(lambda: Conversation.objects.get().titled_by == "model")
    assert Conversation.objects.get().title.startswith("A title")
    assert [request.id for request in asked][-1] == f"title-{sent.reply}"
    assert ask(two[1], "x", "Q", "A").effort == "low"


def test_the_sweeper_tops_up_each_models_tickets(alice: User) -> None:
    begin(alice), say(alice)
    blocking_client().flushdb()
    sweep()
    assert (tickets_waiting("scripted"), tickets_waiting(OTHER)) == (1, 1)
    queue_ticket(OTHER)
    assert tickets_waiting(OTHER) == 2

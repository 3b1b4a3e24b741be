"""What is set for a conversation reaches the engine, with every attempt at a reply, and is counted."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from conversations import services
from conversations.calls import NOTHING_EARLIER
from conversations.checks import check_room
from conversations.models import Conversation, Message
from conversations.parameters import Chosen, instructions
from conversations.refusals import Refused
from conversations.services import Draft, Sent
from inference import serving
from inference.model import Model
from limits.models import Policy, Usage
from moderation.models import Incident, Rule
from tests.conversations.talk import reply_of, say, settle
from tests.parameters.asked import listening, system_of
from tests.waiting import until
from tests.workers import STORY, Hire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]

ALL = Chosen("Answer like a pirate.", temperature=0.3, top_p=0.8, max_tokens=40, effort="high")


@pytest.fixture
def thinker(model: Model, monkeypatch: pytest.MonkeyPatch) -> Model:
    """The model that is served reasons."""
    thinking = replace(model, reasoning=True)
    monkeypatch.setattr(serving, "models", lambda: (thinking,))
    return thinking


def begin(person: User, chosen: Chosen, text: str = "Hello?") -> Sent:
    return services.send(person, Draft(uuid4(), text, parameters=chosen))


def refused(person: User, chosen: Chosen) -> Refused:
    before = Message.objects.count(), Usage.objects.count()
    with pytest.raises(Refused) as no:
        begin(person, chosen)
    assert (Message.objects.count(), Usage.objects.count()) == before
    return no.value


def rule(action: str, words: str) -> Rule:
    fields: dict[str, Any] = {"kind": "words", "scope": "prompt", "message": "", "dry_run": False}
    return Rule.objects.create(name=words, action=action, words=words, **fields)


def test_all_that_was_chosen_reaches_the_engine(alice: User, hire: Hire, thinker: Model) -> None:
    worker = hire(system="Be kind.", text=STORY, tokens=0)
    asked = listening(worker)
    sent = begin(alice, ALL)
    worker.ticket().result(15)
    (request,) = asked
    assert system_of(request) == "Be kind.\n\nAnswer like a pirate."
    assert [turn.role for turn in request.turns] == ["system", "user"]
    sampling = request.sampling
    assert (sampling.temperature, sampling.top_p, sampling.max_tokens, request.effort) == (0.3, 0.8, 40, "high")
    reply = reply_of(sent)
    assert (reply.state, reply.completion_tokens, reply.max_tokens) == ("cut", 40, 40)
    assert Chosen.of(sent.conversation) == ALL


def test_without_any_the_model_has_its_own(alice: User, hire: Hire) -> None:
    worker = hire(tokens=3)
    asked = listening(worker)
    sent = say(alice)
    worker.ticket().result(15)
    (request,) = asked
    assert (system_of(request), request.effort) == ("", None)
    assert (request.sampling.temperature, request.sampling.top_p) == (None, None)
    assert reply_of(sent).options is None


def test_what_is_changed_while_a_reply_is_written_holds_from_the_next_on(
    alice: User, hire: Hire, thinker: Model
) -> None:
    """The second attempt is under the parameters of the first: the reply goes on as it began."""
    first = hire(text=STORY, rate=100)
    sent = begin(alice, replace(ALL, max_tokens=None))
    writing = first.ticket()
    until(lambda: len(first.worker.live) == 1 and next(iter(first.worker.live.values())).text != "")
    instructions.set_parameters(alice, sent.conversation.pk, Chosen("Answer like a monk.", effort="low"))
    first.leave()
    writing.result(15)
    assert reply_of(sent).state == "writing"
    second = hire(text=STORY)
    asked = listening(second)
    second.ticket().result(15)
    (request,) = asked
    assert request.prefix.text
    assert (system_of(request), request.effort, request.sampling.temperature) == ("Answer like a pirate.", "high", 0.3)
    assert reply_of(sent).text == STORY
    say(alice, "And now?", sent.conversation)
    second.ticket().result(15)
    assert (system_of(asked[-1]), asked[-1].effort, asked[-1].sampling.temperature) == (
        "Answer like a monk.",
        "low",
        None,
    )


def test_a_policy_says_who_may_set_what(alice: User, bob: User, thinker: Model) -> None:
    Policy.objects.create(user=alice, may_set_instructions=False)
    Policy.objects.create(user=bob, may_set_parameters=False)
    assert refused(alice, ALL).code == "instructions"
    assert begin(alice, replace(ALL, instructions=""))
    for one in (Chosen(temperature=0.0), Chosen(top_p=0.5), Chosen(max_tokens=5), Chosen(effort="low")):
        assert refused(bob, one).code == "parameters"
    assert begin(bob, Chosen("Be brief."))


def test_numbers_are_bounded_by_the_policy_and_the_model(alice: User) -> None:
    Policy.objects.create(user=alice, prompt_chars=10, output_tokens=100)
    no = refused(alice, Chosen("eleven char"))
    assert (no.code, no.allowed, str(no.detail)) == (
        "instructions_too_long",
        10,
        "The instructions have 11 characters; 10 are allowed.",
    )
    no = refused(alice, Chosen(max_tokens=101))
    assert (no.code, no.allowed) == ("max_tokens", 100)
    assert refused(alice, Chosen(effort="low")).code == "effort"
    assert begin(alice, Chosen("ten chars.", max_tokens=100), "Hi")


def test_a_policy_that_came_later_holds_from_the_next_message_on(alice: User, thinker: Model) -> None:
    sent = begin(alice, ALL)
    assert reply_of(sent).options == {
        "instructions": "Answer like a pirate.",
        "temperature": 0.3,
        "top_p": 0.8,
        "effort": "high",
    }
    settle(sent)
    Policy.objects.create(user=alice, may_set_instructions=False, output_tokens=20)
    later = reply_of(say(alice, "And?", sent.conversation))
    assert (later.max_tokens, later.options) == (20, {"temperature": 0.3, "top_p": 0.8, "effort": "high"})
    settle(Sent(sent.conversation, uuid4(), later.pk, first=False))
    Policy.objects.create(user=alice, may_set_parameters=False)
    last = reply_of(say(alice, "And?", sent.conversation))
    assert (last.max_tokens, last.options) == (20, None)
    assert Chosen.of(Conversation.objects.get()) == ALL


def test_instructions_are_counted_in_what_is_reserved(alice: User) -> None:
    plain = say(alice)
    told = begin(alice, Chosen("word " * 200, max_tokens=100))
    reserved = {one.pk: one.reserved for one in Usage.objects.all()}
    output = reply_of(plain).max_tokens
    assert output is not None
    more = 1000 // 4 + 1
    assert reserved[told.reply] == reserved[plain.reply] - output + 100 + more


def test_changed_instructions_are_counted_anew(alice: User) -> None:
    sent = begin(alice, Chosen("x" * 400))
    reply = settle(sent)
    Message.objects.filter(pk=reply.pk).update(prompt_tokens=150, completion_tokens=50)
    reply.refresh_from_db()
    conversation = Conversation.objects.get()
    about = {"limits": _limits(), "tokens": 10, "model": serving.model(), "earlier": NOTHING_EARLIER}
    checked = type("Checked", (), about)()
    assert check_room(conversation, reply, checked, "x" * 400) == 210
    assert check_room(conversation, reply, checked, "x" * 800) == 210 + 100
    assert check_room(conversation, reply, checked, "") == 210 - 101


def test_instructions_that_are_gone_never_count_below_nothing(alice: User) -> None:
    """Their tokens are an estimate, those that the engine read are not."""
    sent = begin(alice, Chosen("word " * 1_000))
    settle(sent)
    Message.objects.filter(pk=sent.reply).update(prompt_tokens=1_010, completion_tokens=1)
    Conversation.objects.update(instructions="")
    later = say(alice, "Hi", sent.conversation)
    granted = reply_of(later).max_tokens
    assert granted is not None
    assert Usage.objects.get(reply=later.reply).reserved > granted


def _limits() -> Any:
    return type("Limits", (), {"conversation_turns": None, "conversation_tokens": None})()


def test_instructions_that_leave_no_room_are_refused(alice: User) -> None:
    Policy.objects.create(user=alice, prompt_chars=100_000)
    no = refused(alice, Chosen("x" * 33_000))
    assert (no.code, no.allowed) == ("too_long", 8128)
    assert "Instructions and message have about" in str(no.detail)


def test_rules_for_prompts_hold_for_instructions(alice: User) -> None:
    rule("block", "frobnicate")
    rule("mask", "swordfish")
    no = refused(alice, Chosen("Always frobnicate."))
    assert no.code == "blocked"
    incident = Incident.objects.get()
    assert (str(incident.pk), incident.where, incident.user_name) == (no.more["incident"], "prompt", "alice")
    sent = begin(alice, Chosen("The word is swordfish."))
    assert sent.conversation.instructions == "The word is █████████."
    assert reply_of(sent).options == {"instructions": "The word is █████████."}
    masked = Incident.objects.get(action="mask")
    assert masked.conversation == sent.conversation.pk


def test_the_first_message_may_be_sent_twice_with_its_parameters(alice: User) -> None:
    draft = Draft(uuid4(), "Hello?", parameters=Chosen("Be brief."))
    first = services.send(alice, draft)
    again = services.send(alice, draft)
    assert (first.reply, Conversation.objects.get().instructions) == (again.reply, "Be brief.")

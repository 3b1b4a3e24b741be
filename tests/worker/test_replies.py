"""What a ticket leads to: the ways a reply ends, each seen by one who follows it and found again in the row."""

from concurrent.futures import Future

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from conversations.models import Message
from conversations.services import stop
from inference.model import Model
from inference.protocol import Request, Turn
from inference.runner import Abort, Aborted, Live
from tests.conversations.talk import reply_of, say, settle
from tests.screen import Screen
from tests.waiting import until
from tests.web import Web
from tests.workers import STORY, Hire

pytestmark = pytest.mark.django_db(transaction=True)


def whole(screen: Screen, reply: Message) -> None:
    """What was shown is what is saved, and there is one end."""
    assert (screen.text, screen.reasoning) == (reply.text, reply.reasoning)
    assert screen.end is not None
    assert screen.end["cursor"] == reply.cursor
    assert reply.lease_until is None
    assert reply.finished_at is not None
    assert reply.finished_at <= timezone.now()


def detail(screen: Screen) -> str:
    assert screen.end is not None
    return str(screen.end["detail"])


def test_a_reply_is_written_to_its_end(alice: User, hire: Hire, web: Web) -> None:
    worker = hire(text=STORY, reasoning="First, think. 🤔")
    sent = say(alice, "Tell me a story")
    reader = web.follow(sent.reply, fresh=True)
    worker.ticket().result(15)
    screen, reply = reader.end(), reply_of(sent)
    whole(screen, reply)
    assert (screen.text, screen.reasoning, reply.state) == (STORY, "First, think. 🤔", "complete")
    assert (screen.types[0], screen.types[-1], screen.states) == ("started", "done", [])
    assert screen.end == {
        "type": "done",
        "reply": str(sent.reply),
        "cursor": reply.cursor,
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "ttft_ms": reply.ttft_ms,
        "reasoning_ms": reply.reasoning_ms,
        "detail": "",
    }
    assert reply.prompt_tokens > 0
    assert reply.completion_tokens > 200
    assert reply.ttft_ms is not None
    assert reply.ttft_ms < 5000


def test_a_ticket_without_a_reply_is_no_fault(hire: Hire) -> None:
    hire().ticket().result(15)


def test_one_ticket_is_enough_for_all_who_wait(alice: User, bob: User, hire: Hire) -> None:
    sent = [say(person) for person in (alice, bob, alice)]
    hire().ticket().result(15)
    assert {reply_of(one).state for one in sent} == {"complete"}


def test_the_model_reads_the_conversation_so_far(alice: User, hire: Hire) -> None:
    worker = hire(echo=True, system="Be brief.")
    first = say(alice, "My name is Alice.")
    worker.ticket().result(15)
    alone = reply_of(first).prompt_tokens
    second = say(alice, "What is my name?", first.conversation)
    worker.ticket().result(15)
    assert reply_of(second).text == "What is my name?"
    assert reply_of(second).prompt_tokens > alone + 4


@pytest.mark.parametrize("unspoken", ["failed", "blocked"])
def test_a_reply_that_was_never_said_is_not_read_by_the_model(alice: User, hire: Hire, unspoken: str) -> None:
    counts = []
    for state in (unspoken, "complete"):
        first = say(alice, "Question")
        settle(first, state, "An answer that is long enough to be counted.")
        second = say(alice, "Again", first.conversation)
        hire().ticket().result(15)
        counts.append(reply_of(second).prompt_tokens)
    assert counts[0] < counts[1]


def test_a_reply_that_meets_its_limit_is_cut(alice: User, hire: Hire, web: Web, settings: Settings) -> None:
    settings.REPLY_TOKENS = 7
    worker = hire(text=STORY)
    sent = say(alice)
    reader = web.follow(sent.reply)
    worker.ticket().result(15)
    screen, reply = reader.end(), reply_of(sent)
    whole(screen, reply)
    assert (reply.state, screen.types[-1], reply.completion_tokens) == ("cut", "cut", 7)
    assert STORY.startswith(reply.text)
    assert detail(screen) == "The reply met its length limit."


def test_a_reply_that_fails_keeps_what_was_said(alice: User, hire: Hire, web: Web) -> None:
    worker = hire(text=STORY, fail_after=9)
    sent = say(alice)
    reader = web.follow(sent.reply)
    worker.ticket().result(15)
    screen, reply = reader.end(), reply_of(sent)
    whole(screen, reply)
    assert (reply.state, reply.problem, screen.types[-1]) == ("failed", "engine", "failed")
    assert reply.text
    assert STORY.startswith(reply.text)
    assert "Send the message again" in detail(screen)


def test_a_nul_from_the_model_is_replaced(alice: User, hire: Hire, web: Web) -> None:
    worker = hire(text="zero \x00 one")
    sent = say(alice)
    reader = web.follow(sent.reply)
    worker.ticket().result(15)
    whole(reader.end(), reply_of(sent))
    assert reply_of(sent).text == "zero \ufffd one"


def test_the_oldest_turns_go_when_a_conversation_no_longer_fits(alice: User, hire: Hire, model: Model) -> None:
    sent = say(alice, "old " * 200)
    for number in range(3):
        settle(sent, text="long ago " * 100)
        sent = say(alice, f"Question {number} " + "words " * 40, sent.conversation)
    worker = hire(window=400, echo=True)
    worker.ticket().result(15)
    reply = reply_of(sent)
    assert (reply.state, reply.text) == ("complete", Message.objects.get(pk=sent.message).text)
    assert reply.prompt_tokens < 400


def test_a_question_that_alone_is_too_long_says_so(alice: User, hire: Hire, web: Web) -> None:
    worker = hire(window=400)
    sent = say(alice, "words " * 400)
    reader = web.follow(sent.reply)
    worker.ticket().result(15)
    reply = reply_of(sent)
    whole(reader.end(), reply)
    assert (reply.state, reply.problem) == ("failed", "too_long")
    assert "Shorten it" in detail(reader.screen)


Stopped = tuple[Message, Screen, "Future[None]"]


@pytest.fixture
def stopping(alice: User, hire: Hire, web: Web, monkeypatch: pytest.MonkeyPatch) -> Stopped:
    """A reply is stopped in the middle, long before its worker saves it and would see the stop there."""
    monkeypatch.setattr("conversations.replies.keeper.HEARTBEAT_S", 3600)
    worker = hire(text=STORY * 10, rate=200)
    sent = say(alice)
    reader = web.follow(sent.reply)
    ticket = worker.ticket()
    reader.until(lambda screen: len(screen.text) > 50)
    asked = stop(alice, sent.reply)
    assert (asked.state, asked.stop_requested) == ("writing", True)
    web.run(web.streams.feed.hasten_stop(sent.reply))
    return reply_of(sent), reader.end(), ticket


def test_a_stop_frees_the_engine_at_once_and_keeps_the_text(stopping: Stopped) -> None:
    _, screen, ticket = stopping
    ticket.result(15)
    reply = Message.objects.get(role="assistant")
    whole(screen, reply)
    assert (reply.state, screen.types[-1], detail(screen)) == ("stopped", "stopped", "Stopped.")
    assert (STORY * 10).startswith(reply.text)
    assert 50 < len(reply.text) < len(STORY)


def test_after_a_stop_the_conversation_goes_on(alice: User, hire: Hire, stopping: Stopped) -> None:
    stopping[2].result(15)
    reply = Message.objects.get(role="assistant")
    sent = say(alice, "Go on", reply.conversation, parent=reply.pk)
    hire(echo=True).ticket().result(15)
    assert reply_of(sent).text == "Go on"


def test_a_reply_that_waits_is_stopped_without_a_worker(alice: User, hire: Hire, web: Web) -> None:
    sent = say(alice)
    reader = web.follow(sent.reply)
    reader.until(lambda screen: "queued" in screen.types)
    assert stop(alice, sent.reply).state == "stopped"
    web.run(web.streams.feed.hasten_stop(sent.reply))
    whole(reader.end(), reply_of(sent))
    worker = hire()
    worker.ticket().result(15)
    assert reply_of(sent).text == ""


def test_a_stop_stands_although_the_worker_ends_in_the_same_moment(alice: User, hire: Hire, web: Web) -> None:
    worker = hire(text=STORY, rate=100)
    sent = say(alice)
    reader = web.follow(sent.reply)
    ticket = worker.ticket()
    reader.until(lambda screen: screen.text)
    live = worker.worker.live[str(sent.reply)]
    for reason in (Abort.STOPPED, Abort.HANDED_OVER):
        worker.worker._loop.call_soon_threadsafe(live.abort, reason)
    ticket.result(15)
    assert reader.end().types[-1] == reply_of(sent).state == "stopped"


async def test_an_attempt_that_was_aborted_before_it_began_writes_nothing(hire: Hire) -> None:
    worker = hire(text=STORY).worker
    live = Live("a reply", worker.writer.channel("a reply", 1, lambda why: None))
    live.abort(Abort.SUPERSEDED)
    with pytest.raises(Aborted):
        await live.generate(worker.caretaker.engine, Request("id", (Turn("user", "Hello?"),)), 100)
    assert live.text == ""


def test_stopping_what_is_final_changes_nothing(alice: User) -> None:
    sent = say(alice)
    settle(sent, text="all of it")
    assert stop(alice, sent.reply).state == "complete"
    reply = reply_of(sent)
    assert (reply.state, reply.stop_requested, reply.text) == ("complete", False, "all of it")


def test_only_its_owner_can_stop_a_reply(alice: User, bob: User, grace: User) -> None:
    sent = say(alice)
    for stranger in (bob, grace):
        with pytest.raises(Message.DoesNotExist):
            stop(stranger, sent.reply)
    with pytest.raises(Message.DoesNotExist):
        stop(alice, sent.message)
    assert reply_of(sent).state == "queued"


def test_many_replies_are_written_at_once_and_none_mixes_with_another(
    alice: User, hire: Hire, web: Web, settings: Settings
) -> None:
    settings.REPLIES_AT_ONCE = 20
    worker = hire(echo=True, tokens=60, rate=200)
    sent = {say(alice, f"conversation {number} 字🚀 "): number for number in range(12)}
    readers = [(web.follow(one.reply), number) for one, number in sent.items()]
    tickets = [worker.ticket() for _ in sent]
    until(lambda: len(worker.worker.live) == 12, what="all to be written at once")
    for ticket in tickets:
        ticket.result(15)
    for reader, number in readers:
        assert set(reader.end().text.split("conversation ")) == {"", f"{number} 字🚀 "}

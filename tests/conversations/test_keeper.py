"""What a worker saves of all its live replies at once, and what it learns on the way."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from django.db.models.functions import Now

from accounts.models import User
from conversations.database import THREADS, in_database
from conversations.models import Message
from conversations.replies import queue
from conversations.replies.keeper import Checkpoint, save
from conversations.services import stop
from inference.model import Model
from inference.runner import Live
from tests.conversations.talk import reply_of, say, settle
from tests.waiting import until
from tests.web import Web
from tests.workers import STORY, Hire

pytestmark = pytest.mark.django_db(transaction=True)

Hold = Callable[..., Checkpoint]


@pytest.fixture
def hold(hire: Hire) -> Hold:
    """What a worker would save of a reply that it holds."""
    writer = hire().worker.writer

    def checkpoint(reply: Message, text: str = "", attempt: int | None = None) -> Checkpoint:
        live = Live(str(reply.pk), writer.channel(str(reply.pk), attempt or reply.attempt, lambda why: None))
        live.begin(text=text, reasoning="", prompt_tokens=7, tokens=len(text))
        return Checkpoint(live)

    return checkpoint


def claimed(model: Model, person: User, text: str = "Hello?") -> Message:
    say(person, text)
    reply = queue.claim(model.name)
    assert reply is not None
    return reply


def leased(reply: Message) -> bool:
    """Whether its lease was renewed just now."""
    nearly = Now() + timedelta(seconds=queue.LEASE_S - 3)
    return Message.objects.filter(pk=reply.pk, lease_until__gt=nearly).exists()


def test_leases_are_renewed_and_texts_saved_together(alice: User, bob: User, model: Model, hold: Hold) -> None:
    replies = [claimed(model, person) for person in (alice, bob)]
    Message.objects.filter(role="assistant").update(lease_until=Now() + timedelta(seconds=1))
    assert not any(map(leased, replies))
    assert save([hold(reply, f"{index} 字🚀") for index, reply in enumerate(replies)]) == (set(), set())
    for index, reply in enumerate(replies):
        row = reply_of(reply.pk)
        assert (row.text, row.prompt_tokens, row.completion_tokens) == (f"{index} 字🚀", 7, 4)
        assert leased(reply)


def test_only_new_bytes_make_an_attempt_fruitful(alice: User, model: Model, hold: Hold) -> None:
    reply = claimed(model, alice)
    save([hold(reply, "")])
    assert reply_of(reply.pk).barren == 1
    save([hold(reply, "new")])
    assert reply_of(reply.pk).barren == 0
    Message.objects.filter(pk=reply.pk).update(barren=2)
    save([hold(reply, "new")])
    assert reply_of(reply.pk).barren == 2


def test_a_stop_is_seen_in_the_row(alice: User, bob: User, model: Model, hold: Hold) -> None:
    stopped, other = claimed(model, alice), claimed(model, bob)
    stop(alice, stopped.pk)
    assert save([hold(stopped), hold(other)]) == ({str(stopped.pk)}, set())


def test_what_another_has_is_reported_and_not_touched(alice: User, bob: User, model: Model, hold: Hold) -> None:
    taken, ended, deleted, mine = (claimed(model, person) for person in (alice, bob, alice, bob))
    Message.objects.filter(pk=taken.pk).update(attempt=2, text="of the second attempt")
    Message.objects.filter(pk=ended.pk).update(state="complete", text="all of it")
    deleted.conversation.delete()
    stop(alice, taken.pk)
    stopped, lost = save([hold(reply, "mine") for reply in (taken, ended, deleted, mine)])
    assert (stopped, lost) == (set(), {str(taken.pk), str(ended.pk), str(deleted.pk)})
    assert [reply_of(one.pk).text for one in (taken, ended, mine)] == ["of the second attempt", "all of it", "mine"]


def test_a_save_that_comes_too_late_does_not_take_back_what_was_let_go(alice: User, model: Model, hold: Hold) -> None:
    reply = claimed(model, alice)
    late = hold(reply, "half")
    Message.objects.filter(pk=reply.pk).update(text="half and more", lease_until=None)
    save([late])
    row = reply_of(reply.pk)
    assert (row.text, row.lease_until) == ("half and more", None)
    assert queue.has_free(model.name)


def test_a_stop_without_redis_is_obeyed_at_the_next_heartbeat(
    alice: User, hire: Hire, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.replies.keeper.HEARTBEAT_S", 0.1)
    worker = hire(text=STORY, rate=50)
    sent = say(alice)
    ticket = worker.ticket()
    until(lambda: reply_of(sent).text, what="a checkpoint")
    stop(alice, sent.reply)
    ticket.result(10)
    assert reply_of(sent).state == "stopped"
    assert web.follow(sent.reply).end().text == reply_of(sent).text


def test_leases_do_not_wait_for_a_redis_that_does_not_answer(
    alice: User, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each question waits for five seconds then, and a lease lasts six."""
    monkeypatch.setattr("conversations.replies.keeper.HEARTBEAT_S", 0.1)
    worker = hire(text=STORY, rate=50)

    async def silent(replies: list[str]) -> list[str]:
        await asyncio.sleep(3600)
        return []

    monkeypatch.setattr(worker.worker.writer, "stops", silent)
    sent = say(alice)
    ticket = worker.ticket()
    row = Message.objects.filter(pk=sent.reply)
    until(lambda: row.filter(state="writing").update(lease_until=Now() + timedelta(seconds=1)), what="a claim")
    until(lambda: leased(reply_of(sent)), what="a heartbeat")
    stop(alice, sent.reply)
    ticket.result(10)


def test_leases_do_not_wait_for_threads_that_are_busy(alice: User, hire: Hire, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a change, every claim waits until the rules are compiled: meanwhile nobody's lease may lapse."""
    monkeypatch.setattr("conversations.replies.keeper.HEARTBEAT_S", 0.1)
    worker, all_busy, go_on = hire(text=STORY, rate=50), Barrier(THREADS + 1), Event()

    def compile_rules() -> None:
        all_busy.wait(10)
        go_on.wait(30)

    sent = say(alice)
    ticket = worker.ticket()
    until(lambda: reply_of(sent).text, what="a checkpoint")
    with ThreadPoolExecutor(THREADS) as others:
        for _ in range(THREADS):
            others.submit(worker.worker.run, in_database(compile_rules))
        all_busy.wait(10)
        before = reply_of(sent).text
        try:
            until(lambda: len(reply_of(sent).text) > len(before), what="another checkpoint")
        finally:
            go_on.set()
    stop(alice, sent.reply)
    ticket.result(10)
    assert reply_of(sent).state == "stopped"


def test_a_settled_reply_is_lost_to_whoever_still_holds_it(alice: User, model: Model, hold: Hold) -> None:
    sent = say(alice)
    reply = queue.claim(model.name)
    assert reply is not None
    settle(sent, text="final")
    assert save([hold(reply, "not final")]) == (set(), {str(reply.pk)})
    assert reply_of(sent).text == "final"

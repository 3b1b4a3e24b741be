"""What a worker does with a reply that another one had: what was shown stays, and every token is counted once."""

import asyncio
from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from redis import Redis

from accounts.models import User
from conversations.models import Message
from conversations.replies.tickets import tickets_waiting
from conversations.services import Sent, stop
from inference.engines.scripted.script import pieces
from inference.events.items import key
from tests.conversations.talk import reply_of, say
from tests.stores import OwnRedis
from tests.waiting import until
from tests.web import Web
from tests.worker.test_failures import take_over
from tests.workers import STORY, Hire, Hired

pytestmark = pytest.mark.django_db(transaction=True)


def let_lapse(sent: Sent, **fields: object) -> None:
    """Its worker is silent for too long; other fields of the row as they may be by then."""
    assert Message.objects.filter(pk=sent.reply).update(
        state="writing", lease_until=Now() - timedelta(seconds=1), **fields
    )


def tokens(text: str) -> int:
    return len(pieces(text))


def test_a_reply_stopped_while_its_worker_was_dead_keeps_what_was_shown(alice: User, hire: Hire, web: Web) -> None:
    first, heir = hire(text=STORY, rate=400), hire(text=STORY)
    sent = say(alice)
    reader = web.follow(sent.reply)
    ticket = first.ticket()
    reader.until(lambda screen: len(screen.text) > 200)
    with first.frozen():
        saved = reply_of(sent).text
        stop(alice, sent.reply)
        let_lapse(sent)
        heir.ticket(lapsed=True).result(15)
        screen = reader.end()
    ticket.result(15)
    reply = reply_of(sent)
    assert len(saved) < len(reply.text)
    assert (reply.state, reply.text) == ("stopped", screen.text)
    assert (screen.states, screen.types[-1]) == ([], "stopped")
    assert reply.completion_tokens == tokens(reply.text)
    assert reply.prompt_tokens > 0


def test_three_attempts_in_vain_end_it_with_its_text(alice: User, hire: Hire, web: Web) -> None:
    heir = hire(text=STORY)
    sent = say(alice)
    let_lapse(sent, text=STORY[:100], attempt=3, barren=3)
    reader = web.follow(sent.reply)
    heir.ticket(lapsed=True).result(15)
    screen, reply = reader.end(), reply_of(sent)
    assert (reply.state, reply.problem, reply.text) == ("failed", "gave_up", STORY[:100])
    assert screen.text == reply.text


def test_an_attempt_that_wrote_but_could_not_save_was_not_in_vain(alice: User, hire: Hire, web: Web) -> None:
    first, heir = hire(text=STORY, rate=400), hire(text=STORY)
    sent = say(alice)
    reader = web.follow(sent.reply)
    ticket = first.ticket()
    reader.until(lambda screen: len(screen.text) > 200)
    with first.frozen():
        let_lapse(sent, text="", barren=3)
        heir.ticket(lapsed=True).result(15)
        assert reader.end().text == STORY
    ticket.result(15)
    reply = reply_of(sent)
    assert (reply.state, reply.text) == ("complete", STORY)
    assert reply.completion_tokens == tokens(STORY)


def test_what_is_saved_stays_saved_while_redis_keeps_the_next_worker_waiting(
    alice: User, own_redis: OwnRedis, hire: Hire, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.replies.keeper.HEARTBEAT_S", 0.05)
    heir = hire(text=STORY)
    sent = say(alice)
    let_lapse(sent, text=STORY[:100], attempt=1, completion_tokens=tokens(STORY[:100]))
    own_redis.kill()
    own_redis.forget()
    ticket = heir.ticket(lapsed=True)
    until(lambda: reply_of(sent).attempt == 2, what="the claim")
    row = Message.objects.filter(pk=sent.reply)
    row.update(lease_until=F("created_at"))
    until(lambda: row.filter(lease_until__gt=Now()).exists(), what="a heartbeat")
    assert reply_of(sent).text == STORY[:100]
    own_redis.start()
    ticket.result(15)
    assert reply_of(sent).text == STORY


def test_a_worker_that_outlived_redis_leaves_nothing_to_rewind(
    alice: User, own_redis: OwnRedis, hire: Hire, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.replies.keeper.HEARTBEAT_S", 0.05)
    first, heir = hire(text=STORY * 3, rate=400), hire(text=STORY * 3)
    sent = say(alice)
    reader = web.follow(sent.reply)
    ticket = first.ticket()
    reader.until(lambda screen: len(screen.text) > 200)
    own_redis.kill()
    own_redis.start()
    said = len(reader.screen.text)
    reader.until(lambda screen: len(screen.text) > said + 400)
    with Redis.from_url(own_redis.url) as client:
        run = client.info("server")["run_id"].encode()
        until(lambda: client.hget(key(str(sent.reply)), "run") == run, what="the worker to fence it again")
    with first.frozen():
        take_over(heir, sent).result(15)
        screen = reader.end()
    ticket.result(15)
    assert screen.states == ["continuing"]
    assert screen.text == reply_of(sent).text == STORY * 3


def test_a_worker_whose_engine_is_being_rebuilt_passes_tickets_on(alice: User, hire: Hire) -> None:
    worker = hire(start_delay=1.0)

    async def rebuild() -> None:
        worker.worker.caretaker.rebuild("a test asks for it")
        await asyncio.sleep(0)

    worker.worker.run(rebuild())
    passes_on(worker, say(alice))


def test_a_worker_that_ends_passes_tickets_on(alice: User, hire: Hire, sigterms: list[int]) -> None:
    worker = hire()
    worker.worker.end()
    passes_on(worker, say(alice))
    assert sigterms


def passes_on(worker: Hired, sent: Sent) -> None:
    model = worker.worker.model.name
    before = tickets_waiting(model)
    worker.ticket().result(15)
    assert tickets_waiting(model) == before + 1
    assert reply_of(sent).state == "queued"

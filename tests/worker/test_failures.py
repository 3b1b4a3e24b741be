"""What breaks while a reply is written: no byte that was shown is lost, none comes twice, and there is one end."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from redis import Redis

from accounts.models import User
from conversations.models import Message
from conversations.replies.tickets import tickets_waiting
from conversations.services import Sent
from inference.events.items import Snapshot
from inference.events.writer import Channel, Writer
from inference.model import Model
from tests.conversations.talk import reply_of, say, settle
from tests.screen import Screen
from tests.stores import OwnRedis
from tests.waiting import until
from tests.web import Reader, Web
from tests.workers import STORY, Hire, Hired

pytestmark = pytest.mark.django_db(transaction=True)

LONG = STORY * 2


@pytest.fixture
def quick_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conversations.replies.keeper.HEARTBEAT_S", 0.1)


def let_lapse(sent: Sent) -> None:
    """Enough time passes for the worker to count as gone."""
    assert Message.objects.filter(pk=sent.reply, state="writing").update(lease_until=Now() - timedelta(seconds=1))


def take_over(heir: Hired, sent: Sent) -> "Future[None]":
    """The reply's worker counts as gone and the heir takes it; a heartbeat under way may renew the lease once."""

    def taken() -> "Future[None] | None":
        let_lapse(sent)
        ticket = heir.ticket(lapsed=True)
        until(lambda: ticket.done() or reply_of(sent).attempt > 1)
        return ticket if reply_of(sent).attempt > 1 else None

    ticket = until(taken, what="the heir to take it")
    assert ticket
    return ticket


def whole_story(reader: Reader, sent: Sent, *, story: str = STORY, states: list[str] | None = None) -> Screen:
    """The page shows all of the story, once, and so does the row."""
    screen, reply = reader.end(), reply_of(sent)
    assert screen.text == story
    assert (reply.text, reply.state, screen.types[-1]) == (story, "complete", "done")
    assert reply.cursor == screen.cursor
    if states is not None:
        assert screen.states == states
    return screen


def in_the_middle(reader: Reader, *, after: int = 200) -> None:
    reader.until(lambda screen: len(screen.text) > after)
    assert reader.screen.end is None


def test_a_worker_that_ends_hands_its_replies_over(alice: User, hire: Hire, web: Web, model: Model) -> None:
    first = hire(text=STORY, rate=400)
    sent = say(alice)
    reader = web.follow(sent.reply)
    ticket = first.ticket()
    in_the_middle(reader)
    tickets = tickets_waiting(model.name)
    first.leave()
    ticket.result(15)
    row = reply_of(sent)
    assert (row.state, row.attempt, row.barren, row.lease_until) == ("writing", 1, 0, None)
    assert STORY.startswith(row.text)
    assert len(row.text) > 200
    assert tickets_waiting(model.name) == tickets + 1
    hire(text=STORY).ticket().result(15)
    whole_story(reader, sent, states=["continuing"])
    assert reply_of(sent).attempt == 2


def test_a_dead_engine_is_built_anew_and_the_reply_goes_on(alice: User, hire: Hire, web: Web) -> None:
    worker = hire(text=STORY, die_after=150)
    sent = say(alice)
    reader = web.follow(sent.reply)
    worker.ticket().result(15)
    whole_story(reader, sent)
    assert reader.screen.states
    assert set(reader.screen.states) == {"continuing"}
    assert worker.worker.caretaker.restarts == len(reader.screen.states) == reply_of(sent).attempt - 1


def test_a_reply_that_kills_every_engine_is_given_up(alice: User, hire: Hire, web: Web) -> None:
    worker = hire(die_after=0)
    sent = say(alice)
    reader = web.follow(sent.reply)
    worker.ticket().result(15)
    reply = reply_of(sent)
    assert (reply.state, reply.problem, reply.attempt) == ("failed", "gave_up", 4)
    assert reader.end().types[-1] == "failed"
    other = say(alice, "Hello? @die_after=1000")
    worker.ticket().result(15)
    assert reply_of(other).state == "complete", "the worker lives on"


def test_a_silent_worker_is_replaced_and_what_it_says_later_counts_for_nothing(
    alice: User, hire: Hire, web: Web
) -> None:
    zombie, heir = hire(text=LONG, rate=800), hire(text=LONG)
    sent = say(alice)
    reader = web.follow(sent.reply)
    ticket = zombie.ticket()
    in_the_middle(reader)
    with zombie.frozen():
        take_over(heir, sent).result(15)
        whole_story(reader, sent, story=LONG, states=["continuing"])
        before = len(reader.screen.frames), reply_of(sent)
    ticket.result(15)
    late = web.follow(sent.reply).end()
    assert (late.text, late.types.count("done")) == (LONG, 1)
    assert (len(reader.screen.frames), reply_of(sent)) == before
    assert reply_of(sent).attempt == 2


def test_a_zombie_wakes_while_its_heir_writes(alice: User, hire: Hire, web: Web) -> None:
    zombie, heir = hire(text=LONG, rate=800), hire(text=LONG, rate=800)
    sent = say(alice)
    reader = web.follow(sent.reply)
    tickets = [zombie.ticket()]
    in_the_middle(reader)
    with zombie.frozen():
        tickets.append(take_over(heir, sent))
        reader.until(lambda screen: screen.states)
        in_the_middle(reader, after=len(reader.screen.text) + 100)
    until(tickets[0].done, what="the zombie to give up")
    assert not tickets[1].done()
    tickets[1].result(15)
    whole_story(reader, sent, story=LONG, states=["continuing"])


def test_an_engine_that_cannot_continue_starts_over(alice: User, hire: Hire, web: Web) -> None:
    first = hire(text=STORY, rate=400)
    sent = say(alice)
    reader, other = web.follow(sent.reply), web.follow(sent.reply)
    first.ticket()
    in_the_middle(reader)
    first.leave()
    hire(text="Another story.", continues_prefix=False).ticket().result(15)
    for page in (reader, other):
        screen = whole_story(page, sent, story="Another story.")
        assert screen.states in (["restarted"], ["rewound"]), "rewound, when it had begun anew before the page looked"
    assert reply_of(sent).epoch == 1
    old_page = Screen(text=STORY[:100])
    assert web.follow(sent.reply, has=old_page).end().text == "Another story."
    assert old_page.states == ["rewound"]


def test_text_stays_byte_exact_while_redis_forgets_everything_again_and_again(
    alice: User, hire: Hire, web: Web, empty_redis: Redis
) -> None:
    worker = hire(text=LONG, rate=800)
    sent = say(alice)
    readers = [web.follow(sent.reply)]
    ticket = worker.ticket()
    for moment in (200, 1000, 1500, 1800):
        in_the_middle(readers[0], after=moment)
        empty_redis.flushall()
        readers.append(web.follow(sent.reply))
    ticket.result(15)
    for reader in readers:
        whole_story(reader, sent, story=LONG, states=[])
    assert reply_of(sent).attempt == 1


def test_a_fast_reply_does_not_outrun_a_slow_redis_that_forgot(
    alice: User, hire: Hire, web: Web, empty_redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More is said while all of the text is given again: that comes after, and is no reason to begin anew."""
    fence, calls = Writer.fence, []

    async def slowly(writer: Writer, channel: Channel, known: Snapshot) -> tuple[Snapshot, bool]:
        calls.append(len(known.text))
        answer = await fence(writer, channel, known)
        await asyncio.sleep(0.1)  # a slow Redis: some fifty tokens are said meanwhile
        return answer

    monkeypatch.setattr(Writer, "fence", slowly)
    worker = hire(text=LONG, rate=500)
    sent = say(alice)
    reader = web.follow(sent.reply)
    worker.ticket()
    reader.until(lambda screen: len(screen.text) > 100)
    empty_redis.flushall()
    said = len(reader.screen.text)
    reader.until(lambda screen: len(screen.text) > said + 400)
    assert reader.screen.end is None
    assert len(calls) < 5
    whole_story(reader, sent, story=LONG)


@pytest.mark.parametrize("forgets", [False, True])
def test_text_stays_byte_exact_while_redis_is_away(
    alice: User, own_redis: OwnRedis, hire: Hire, web: Web, *, forgets: bool
) -> None:
    worker = hire(text=LONG, rate=800)
    sent = say(alice)
    reader = web.follow(sent.reply)
    ticket = worker.ticket()
    in_the_middle(reader)
    own_redis.kill()
    if forgets:
        own_redis.forget()
    live = worker.worker.live[str(sent.reply)]
    said = len(live.text)
    until(lambda: len(live.text) > said + 300, what="the worker to write on")
    own_redis.start()
    ticket.result(15)
    whole_story(reader, sent, story=LONG, states=[])


@pytest.mark.usefixtures("quick_heartbeat")
def test_when_redis_and_worker_are_lost_together_the_page_goes_back_to_what_was_saved(
    alice: User, own_redis: OwnRedis, hire: Hire, web: Web
) -> None:
    first = hire(text=LONG, rate=800)
    sent = say(alice)
    reader = web.follow(sent.reply)
    ticket = first.ticket()
    until(lambda: len(reply_of(sent).text) > 100, what="a checkpoint")
    Message.objects.filter(pk=sent.reply).update(attempt=1)
    in_the_middle(reader, after=len(reply_of(sent).text))
    with first.frozen():
        saved = LONG[: len(reply_of(sent).text) // 2]
        Message.objects.filter(pk=sent.reply).update(text=saved)
        own_redis.kill()
        own_redis.forget()
        own_redis.start()
        take_over(hire(text=LONG), sent).result(15)
        screen = whole_story(reader, sent, story=LONG, states=["rewound"])
    ticket.result(15)
    back = next(frame for frame in screen.frames if frame["type"] == "state")
    assert back["text"].startswith(saved)
    assert reply_of(sent).epoch == 1


@pytest.mark.usefixtures("quick_heartbeat")
def test_a_reply_outlives_a_database_that_breaks_off(alice: User, hire: Hire, web: Web) -> None:
    worker = hire(text=LONG, rate=800)
    sent = say(alice)
    reader = web.follow(sent.reply)
    ticket = worker.ticket()
    in_the_middle(reader)
    for moment in (1000, 1500):
        with broken_database():
            in_the_middle(reader, after=moment)
    ticket.result(15)
    whole_story(reader, sent, story=LONG, states=[])
    assert reply_of(sent).attempt == 1


@contextmanager
def broken_database() -> Iterator[None]:
    """PostgreSQL ends every connection but this one; SQLite is locked while the block runs.

    The pool would hand the broken ones that nobody asked for meanwhile to the next test.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            mine = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            cursor.execute(f"{mine} WHERE datname = current_database() AND pid <> pg_backend_pid()")
        yield
        cast("Any", connection).pool.check()
        return
    with transaction.atomic():  # it begins with a lock
        assert Message.objects.exists()
        yield


@pytest.mark.usefixtures("quick_heartbeat", "quick_audit")
def test_a_reply_whose_conversation_is_deleted_is_not_written_on(alice: User, hire: Hire, web: Web) -> None:
    worker = hire(text=LONG, rate=100)
    sent = say(alice)
    reader = web.follow(sent.reply)
    ticket = worker.ticket()
    in_the_middle(reader, after=10)
    sent.conversation.delete()
    ticket.result(15)
    assert reader.end().types[-1] == "failed"
    assert not Message.objects.exists()


def test_a_worker_ends_while_redis_is_away(alice: User, own_redis: OwnRedis, hire: Hire) -> None:
    worker = hire(text=LONG, rate=100)
    sent = say(alice)
    ticket = worker.ticket()
    until(lambda: str(sent.reply) in worker.worker.live)
    own_redis.kill()
    worker.leave()
    ticket.result(15)
    row = reply_of(sent)
    assert (row.state, row.lease_until) == ("writing", None)
    own_redis.start()


def test_a_reply_in_a_conversation_that_was_shortened_goes_on_after_a_hand_over(
    alice: User, hire: Hire, web: Web
) -> None:
    sent = say(alice, "old " * 200)
    settle(sent, text="long ago " * 200)
    story = STORY[:400]
    sent = say(alice, "Tell me a story", sent.conversation)
    reader = web.follow(sent.reply)
    hire(window=400, text=story, die_after=25).ticket().result(15)
    whole_story(reader, sent, story=story)
    assert reply_of(sent).attempt > 1


def test_a_reply_that_cannot_be_prepared_is_given_up(
    alice: User, hire: Hire, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object) -> None:
        raise MemoryError("a test says so")

    monkeypatch.setattr("conversations.replies.claimed.matcher_for", fails)
    worker = hire(text=STORY)
    sent = say(alice)
    reader = web.follow(sent.reply)
    for _ in range(3):
        with pytest.raises(MemoryError):
            worker.ticket(lapsed=True).result(15)
        let_lapse(sent)
    worker.ticket(lapsed=True).result(15)
    assert reader.end().types[-1] == "failed"
    assert (reply_of(sent).state, reply_of(sent).problem) == ("failed", "gave_up")

"""The reader of the feed: what it cannot know to be whole, it says."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis import Redis

from inference.events import feed as feed_module
from inference.events.feed import Feed, Mailbox
from inference.events.items import FEED, Part
from tests.events.conftest import Attempt, Begin
from tests.stores import OwnRedis
from tests.waiting import until


async def told(mailbox: Mailbox, text: str, got: bytes = b"") -> bytes:
    """What arrived after what it got before, once it ends with this text; what comes twice counts once."""
    async with asyncio.timeout(15):
        while not got.decode().endswith(text):
            for _, _, _, part, offset, data in await mailbox.take():
                if part == Part.TEXT and offset + len(data) > len(got):
                    assert offset <= len(got), "a hole"
                    got = got[:offset] + data
    return got


def milliseconds(redis: Redis) -> int:
    """Redis' own clock, by which it names the entries of an empty feed."""
    seconds, microseconds = redis.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


async def resynced(mailbox: Mailbox) -> None:
    async with asyncio.timeout(15):
        while not mailbox.resync:
            await mailbox.take()


async def say(attempt: Attempt, *words: str) -> None:
    for word in words:
        attempt.channel.append(Part.TEXT, word)
        await asyncio.wait_for(attempt.writer._idle.wait(), 15)


async def test_each_mailbox_gets_what_is_about_its_reply(begin: Begin, feed: Feed, reply: UUID) -> None:
    mine, other = begin(), begin(of=uuid4())
    first, second = feed.attach(reply), feed.attach(reply)
    await mine.fence()
    await other.fence()
    await say(other, "not ", "this")
    await say(mine, "this")
    assert await told(first, "this") == await told(second, "this") == b"this"
    feed.detach(reply, first)
    await say(mine, " too")
    assert await told(second, " too", b"this") == b"this too"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(first.take(), 0.02)
    feed.detach(reply, second)
    feed.detach(reply, second)
    assert not feed._mailboxes


async def test_a_reader_whose_connection_breaks_misses_nothing(
    begin: Begin, feed: Feed, reply: UUID, empty_redis: Redis
) -> None:
    attempt = begin()
    mailbox = feed.attach(reply)
    await attempt.fence()
    await say(attempt, "one ")
    reading = [client["id"] for client in empty_redis.client_list() if client["cmd"] == "xread"]
    assert reading
    for client in reading:
        empty_redis.client_kill_filter(_id=client)
    await say(attempt, "two ", "three")
    assert await told(mailbox, "three") == b"one two three"
    await resynced(mailbox)


async def test_after_a_redis_that_came_back_empty_everyone_looks_again(
    own_redis: OwnRedis, begin: Begin, feed: Feed, reply: UUID
) -> None:
    attempt = begin()
    mailbox = feed.attach(reply)
    await attempt.fence()
    await say(attempt, "lost")
    assert await told(mailbox, "lost")
    assert not mailbox.resync
    own_redis.kill()
    own_redis.forget()
    own_redis.start()
    await resynced(mailbox)
    await attempt.fence(b"lost")
    await say(attempt, " and found")
    items = await asyncio.wait_for(mailbox.take(), 15)
    assert [(offset, data) for *_, offset, data in items] == [(4, b" and found")]


async def test_a_feed_that_is_emptied_under_its_reader_goes_on(
    begin: Begin, feed: Feed, reply: UUID, empty_redis: Redis
) -> None:
    attempt = begin()
    mailbox = feed.attach(reply)
    await attempt.fence()
    await say(attempt, "one")
    assert await told(mailbox, "one")
    newest: Any = empty_redis.xrevrange(FEED, count=1)
    until(
        lambda: milliseconds(empty_redis) > int(newest[0][0].split(b"-")[0]), what="an entry to have a name of its own"
    )
    empty_redis.flushall()
    await attempt.fence(b"one")
    await say(attempt, " two")
    items = await asyncio.wait_for(mailbox.take(), 15)
    assert [data for *_, data in items] == [b" two"]


async def test_who_is_cancelled_while_it_reads_a_snapshot_ends(feed: Feed, empty_redis: Redis) -> None:
    """redis-py would now and then swallow the cancellation: then a page that closed would be followed to the end."""
    reply = uuid4()

    async def read_for_ever() -> None:
        while True:
            await feed.snapshot(reply)

    for turns in range(60):
        reading = asyncio.create_task(read_for_ever())
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait([reading], timeout=15)
        assert reading.done(), f"it goes on after a cancellation in turn {turns}"


async def test_a_sync_item_asks_for_the_snapshot(begin: Begin, feed: Feed, reply: UUID) -> None:
    attempt = begin()
    mailbox = feed.attach(reply)
    await attempt.fence()
    attempt.channel.sync()
    await resynced(mailbox)


async def test_a_feed_starts_while_redis_is_away_and_reads_when_it_is_back(
    own_redis: OwnRedis, begin: Begin, reply: UUID
) -> None:
    own_redis.kill()
    feed = Feed()
    await feed.start()
    mailbox = feed.attach(reply)
    own_redis.start()
    await resynced(mailbox)
    attempt = begin()
    await attempt.fence()
    await say(attempt, "hello")
    assert await told(mailbox, "hello")
    await feed.close()


async def test_a_mailbox_that_hears_nothing_is_audited(monkeypatch: pytest.MonkeyPatch, empty_redis: Redis) -> None:
    monkeypatch.setattr(feed_module, "AUDIT_S", 0.05)
    feed = Feed()
    await feed.start()
    await resynced(feed.attach(uuid4()))
    await feed.close()


async def test_one_that_heard_something_since_the_last_audit_is_not(begin: Begin, feed: Feed, reply: UUID) -> None:
    busy = feed.attach(reply)
    attempt = begin()
    await attempt.fence()
    for _ in range(3):
        busy.audit()
        assert not busy.resync
        await say(attempt, "word ")
        await busy.take()
    busy.audit()
    busy.audit()
    assert busy.resync, "the premise: in silence it is"


async def test_the_feed_is_trimmed(begin: Begin, empty_redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.events.writer.FEED_LENGTH", 100)
    attempt = begin()
    await attempt.fence()
    await say(attempt, *("word " for _ in range(400)))
    assert empty_redis.xlen(FEED) <= 200

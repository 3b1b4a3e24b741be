"""Group commit: little is sent often, nothing is lost or reordered while Redis is away."""

import asyncio
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from inference.events.feed import Feed
from inference.events.items import FEED, Part, Refusal, Snapshot, key
from inference.events.writer import Writer
from tests.events.conftest import Begin
from tests.events.test_fence import published
from tests.stores import OwnRedis

CHARACTERS = st.text(st.sampled_from("a b\n字ï🚀é\u0301"), min_size=1, max_size=8)
PARTS = st.sampled_from([Part.TEXT, Part.REASONING])


async def test_all_that_waits_leaves_in_one_flush(begin: Begin, writer: Writer, empty_redis: Redis) -> None:
    attempts = [begin(of=uuid4()) for _ in range(10)]
    for attempt in attempts:
        await attempt.fence()
    for attempt in attempts:
        for word in ("one ", "two ", "three"):
            attempt.channel.append(Part.TEXT, word)
    await writer.drained()
    assert empty_redis.xlen(FEED) == 1
    assert [item[5] for item in published(empty_redis)] == [b"one two three"] * 10


async def test_an_older_attempt_that_still_writes_holds_nothing_back(begin: Begin, empty_redis: Redis) -> None:
    """One worker may have both: it was silent for too long, and took the reply again."""
    older, newer = begin(1), begin(2)
    await older.fence()
    await newer.fence()
    newer.channel.announce({"type": "done"}, last=True)
    older.channel.append(Part.TEXT, "too late")
    await newer.flushed()
    assert [item[5] for item in published(empty_redis)] == [b'{"type":"done"}']
    assert older.refusals == [Refusal.SUPERSEDED]


async def test_an_event_stays_between_the_pieces_around_it(begin: Begin, empty_redis: Redis) -> None:
    attempt = begin()
    await attempt.fence()
    attempt.channel.append(Part.TEXT, "be")
    attempt.channel.append(Part.TEXT, "fore")
    attempt.channel.announce({"type": "started"})
    attempt.channel.append(Part.REASONING, "between")
    attempt.channel.append(Part.TEXT, "after")
    await attempt.flushed()
    assert [(item[3], item[4], item[5]) for item in published(empty_redis)] == [
        (Part.TEXT, 0, b"before"),
        (Part.EVENT, 0, b'{"type":"started"}'),
        (Part.REASONING, 0, b"between"),
        (Part.TEXT, 6, b"after"),
    ]


async def test_what_is_repeated_fills_the_hole_whatever_was_pending(begin: Begin, empty_redis: Redis) -> None:
    attempt = begin()
    await attempt.fence()
    attempt.channel.append(Part.TEXT, "before ")
    await attempt.flushed()
    empty_redis.flushall()
    attempt.channel.append(Part.TEXT, "refused ")
    await attempt.flushed()
    assert attempt.refusals == [Refusal.UNFENCED]
    known = Snapshot(1, 0, b"", b"before ")
    await attempt.writer.fence(attempt.channel, known)
    attempt.channel.append(Part.TEXT, "pending ")
    attempt.channel.repeat(Snapshot(1, 0, b"", b"before refused pending "), after=known)
    attempt.channel.append(Part.TEXT, "after")
    await attempt.flushed()
    assert attempt.refusals == [Refusal.UNFENCED, Refusal.HOLE]
    assert empty_redis.get(f"{key(str(attempt.reply))}:t") == b"before refused pending after"


async def test_what_is_said_while_redis_is_away_comes_later_in_order(
    own_redis: OwnRedis, begin: Begin, writer: Writer, reply: UUID, feed: Feed
) -> None:
    attempt = begin()
    await attempt.fence()
    attempt.channel.append(Part.TEXT, "before ")
    await attempt.flushed()
    own_redis.kill()
    for word in ("one ", "two ", "three"):
        attempt.channel.append(Part.TEXT, word)
        await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await writer.drained()
    own_redis.start()
    await asyncio.wait_for(writer._idle.wait(), 15)
    assert attempt.refusals == []
    held = await feed.snapshot(reply)
    assert held is not None
    assert held.text == b"before one two three"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.tuples(PARTS, CHARACTERS, st.booleans()), max_size=30))
async def test_any_text_in_any_pieces_arrives_byte_for_byte(
    begin: Begin, feed: Feed, pieces: list[tuple[Part, str, bool]]
) -> None:
    """Each piece is a part, a text, and whether the flusher gets its turn after it."""
    attempt = begin(of=uuid4())
    mailbox = feed.attach(attempt.reply)
    await attempt.fence()
    for part, text, flush in pieces:
        attempt.channel.append(part, text)
        if flush:
            await attempt.flushed()
    attempt.channel.announce({"type": "done"}, last=True)
    said = {part: "".join(text for which, text, _ in pieces if which == part).encode() for part in Part}
    got = dict.fromkeys(Part, b"")
    async with asyncio.timeout(15):
        while not got[Part.EVENT]:
            for _, _, _, number, offset, data in await mailbox.take():
                assert number == Part.EVENT or offset == len(got[Part(number)])
                assert data.decode()
                got[Part(number)] += data
    feed.detach(attempt.reply, mailbox)
    assert (got[Part.TEXT], got[Part.REASONING]) == (said[Part.TEXT], said[Part.REASONING])
    assert await feed.snapshot(attempt.reply) == Snapshot(1, 0, said[Part.REASONING], said[Part.TEXT])

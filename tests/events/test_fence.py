"""The fence and the flush: of all who may think that they write a reply, the newest attempt does."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from redis import Redis

from inference.events.feed import Feed
from inference.events.items import FEED, FIELD, FINAL_S, SNAPSHOT_S, Item, Part, Refusal, Snapshot, key, pack, unpack
from inference.events.writer import Superseded
from tests.events.conftest import Begin
from tests.stores import OwnRedis


def published(redis: Redis) -> list[Item]:
    """Every item that readers of the feed were given."""
    entries: Any = redis.xrange(FEED)
    return [item for _, fields in entries for item in unpack(fields[FIELD])]


async def test_what_is_written_is_in_the_snapshot_and_in_the_feed(
    begin: Begin, reply: UUID, feed: Feed, empty_redis: Redis
) -> None:
    attempt = begin()
    assert await attempt.fence() == (Snapshot(1, 0, b"", b""), False)
    attempt.channel.append(Part.REASONING, "hm 🤔")
    attempt.channel.append(Part.TEXT, "你好")
    await attempt.flushed()
    attempt.channel.append(Part.TEXT, " naïve")
    await attempt.flushed()
    assert await feed.snapshot(reply) == Snapshot(1, 0, "hm 🤔".encode(), "你好 naïve".encode())
    assert [item[3:] for item in published(empty_redis)] == [
        (Part.REASONING, 0, "hm 🤔".encode()),
        (Part.TEXT, 0, "你好".encode()),
        (Part.TEXT, 6, " naïve".encode()),
    ]
    assert attempt.refusals == []


async def test_an_older_attempt_can_write_nothing(begin: Begin, reply: UUID, feed: Feed, empty_redis: Redis) -> None:
    zombie, heir = begin(1), begin(2)
    await zombie.fence()
    zombie.channel.append(Part.TEXT, "mine")
    await zombie.flushed()
    held, kept = await heir.fence()
    assert (held.text, kept) == (b"mine", True)
    before = published(empty_redis)
    zombie.channel.append(Part.TEXT, " still")
    zombie.channel.announce({"type": "done"}, last=True)
    await zombie.flushed()
    assert zombie.refusals == [Refusal.SUPERSEDED, Refusal.SUPERSEDED]
    with pytest.raises(Superseded, match="attempt 2"):
        await zombie.fence()
    assert published(empty_redis) == before
    heir.channel.append(Part.TEXT, " no more")
    await heir.flushed()
    assert (await feed.snapshot(reply)) == Snapshot(2, 0, b"", b"mine no more")


async def test_without_a_fence_nothing_is_taken(begin: Begin, reply: UUID, feed: Feed, empty_redis: Redis) -> None:
    attempt = begin()
    attempt.channel.append(Part.TEXT, "too early")
    await attempt.flushed()
    assert attempt.refusals == [Refusal.UNFENCED]
    assert await feed.snapshot(reply) is None
    assert empty_redis.keys() == []


async def test_text_after_a_hole_is_refused(begin: Begin, reply: UUID, feed: Feed, empty_redis: Redis) -> None:
    attempt = begin()
    await attempt.fence()
    attempt.channel.append(Part.TEXT, "first")
    await attempt.flushed()
    empty_redis.set(f"{key(str(reply))}:t", "fir")
    attempt.channel.append(Part.TEXT, " second")
    await attempt.flushed()
    assert attempt.refusals == [Refusal.HOLE]
    held = await feed.snapshot(reply)
    assert held is not None
    assert held.text == b"fir"
    assert len(published(empty_redis)) == 1


async def test_one_refusal_does_not_hold_up_what_others_write(begin: Begin, feed: Feed, empty_redis: Redis) -> None:
    good, bad = begin(of=uuid4()), begin(of=uuid4())
    await good.fence()
    bad.channel.append(Part.TEXT, "refused")
    good.channel.append(Part.TEXT, "taken")
    await good.flushed()
    assert bad.refusals == [Refusal.UNFENCED]
    assert [(item[0], item[5]) for item in published(empty_redis)] == [(str(good.reply), b"taken")]


async def test_a_flush_that_is_repeated_changes_nothing(begin: Begin, reply: UUID, feed: Feed) -> None:
    attempt = begin()
    await attempt.fence()
    blob = pack([(str(reply), 1, 0, Part.TEXT, 0, b"one "), (str(reply), 1, 0, Part.TEXT, 4, b"two")])
    for _ in range(2):
        assert await attempt.writer._flush_script(keys=(FEED,), args=(blob, FINAL_S, 10)) == []
        assert await feed.snapshot(reply) == Snapshot(1, 0, b"", b"one two")


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ({"text": b"short"}, (0, b"", b"the longer text")),
        ({"text": b"the longer text that was saved"}, (0, b"", b"the longer text that was saved")),
        ({"text": b"", "epoch": 1}, (1, b"", b"")),
        ({"text": b"the longer text that was saved", "epoch": -1}, (0, b"", b"the longer text")),
    ],
)
async def test_the_newer_epoch_wins_then_the_longer_text(
    begin: Begin, given: dict[str, Any], held: tuple[object, ...]
) -> None:
    first, second = begin(1), begin(2)
    await first.fence()
    first.channel.append(Part.TEXT, "the longer text")
    await first.flushed()
    answer, kept = await second.fence(**given)
    assert (answer.epoch, answer.reasoning, answer.text) == held
    assert kept


async def test_a_redis_that_ran_on_has_kept_everything(
    own_redis: OwnRedis, begin: Begin, reply: UUID, feed: Feed
) -> None:
    await begin(1).fence(b"said")
    assert await begin(2).fence(b"said") == (Snapshot(2, 0, b"", b"said"), True)
    own_redis.kill()
    own_redis.start()
    held, kept = await begin(3).fence(b"sa")
    assert (held.text, kept) == (b"said", False), "a restart may have lost what was published last"
    assert (await begin(4).fence(b"sa"))[1]
    own_redis.kill()
    own_redis.forget()
    own_redis.start()
    assert await begin(5).fence(b"sa") == (Snapshot(5, 0, b"", b"sa"), False)


async def test_snapshots_live_as_long_as_someone_may_need_them(begin: Begin, reply: UUID, empty_redis: Redis) -> None:
    attempt = begin()
    await attempt.fence()
    names = [key(str(reply)), f"{key(str(reply))}:t", f"{key(str(reply))}:r"]

    def lives() -> set[int]:
        return {int(empty_redis.ttl(name)) for name in names}

    attempt.channel.append(Part.TEXT, "said")
    attempt.channel.append(Part.REASONING, "thought")
    await attempt.flushed()
    assert min(lives()) >= SNAPSHOT_S - 5
    for name in names:
        empty_redis.expire(name, 10)
    await attempt.writer.touch([str(reply)])
    assert min(lives()) >= SNAPSHOT_S - 5
    attempt.channel.announce({"type": "done"}, last=True)
    await attempt.flushed()
    assert max(lives()) <= FINAL_S


async def test_a_stop_flag_is_seen_for_its_reply_only(begin: Begin, reply: UUID, feed: Feed) -> None:
    other, writer = uuid4(), begin().writer
    assert await writer.stops([]) == []
    assert await writer.stops([str(reply), str(other)]) == []
    await feed.hasten_stop(reply)
    assert await writer.stops([str(other), str(reply)]) == [str(reply)]

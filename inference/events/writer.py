"""The worker's side of the feed: group commit.

Each live reply appends to a buffer; one flusher sends all that is pending as soon as its last flush was answered. There
is no timer: a lone token leaves at once, and under load a flush carries what came in while the last one was under way.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from redis.exceptions import RedisError

from inference import metrics
from inference.events.items import (
    FEED,
    FEED_LENGTH,
    FINAL_S,
    SNAPSHOT_S,
    Item,
    Part,
    Refusal,
    Snapshot,
    key,
    pack,
)

RETRY_S = 0.1  # between flushes while Redis is away
LAST_S = 1.0  # how long the end of a worker waits for a last flush

log = logging.getLogger(__name__)

OnRefusal = Callable[[Refusal], None]


class Superseded(Exception):  # noqa: N818 - read as a sentence where it is raised
    """A newer attempt has the reply; this one may not write."""


class Channel:
    """One attempt's way out: what is appended here reaches Redis in order, once, or ``on_refusal`` hears why not."""

    def __init__(self, writer: "Writer", reply_id: str, attempt: int, on_refusal: OnRefusal) -> None:
        self.reply_id = reply_id
        self.attempt = attempt
        self.epoch = 0
        self.sizes = [0, 0]  # bytes appended: text, reasoning
        self.on_refusal = on_refusal
        self._writer = writer
        self._pieces: list[tuple[Part, int, bytes]] = []

    def append(self, part: Part, text: str) -> None:
        """Add a piece of text or reasoning."""
        data = text.encode()
        offset = self.sizes[part]
        self.sizes[part] = offset + len(data)
        self._add(part, offset, data)

    def announce(self, event: dict[str, Any], *, last: bool = False) -> None:
        """Add an event after all that was appended before it."""
        self._add(Part.EVENT, int(last), orjson.dumps(event))

    def sync(self) -> None:
        """Tell readers to read the snapshot again."""
        self._add(Part.SYNC, 0, b"")

    def repeat(self, said: Snapshot, *, after: Snapshot) -> None:
        """Tell once more what was said after a text that Redis has. By its offset: to hear it twice is harmless."""
        for part, whole, had in ((Part.REASONING, said.reasoning, after.reasoning), (Part.TEXT, said.text, after.text)):
            if len(whole) > len(had):
                self._add(part, len(had), whole[len(had) :])

    def go_on_from(self, snapshot: Snapshot) -> None:
        """What is appended from now on follows this text."""
        self.sizes = [len(snapshot.text), len(snapshot.reasoning)]

    def close(self) -> None:
        """Its attempt is over: nobody is told any more of what Redis refuses."""
        self.on_refusal = _unheard

    def _add(self, part: Part, offset: int, data: bytes) -> None:
        self._pieces.append((part, offset, data))
        self._writer.wake(self)

    def take(self) -> list[Item]:
        """All that is pending, neighbours of one part merged."""
        pieces, self._pieces = self._pieces, []
        head = (self.reply_id, self.attempt, self.epoch)
        if len(pieces) == 1:
            part, offset, data = pieces[0]
            return [(*head, int(part), offset, data)]
        items: list[Item] = []
        for part, offset, data in pieces:
            if items and part < Part.EVENT and items[-1][3] == part and offset == items[-1][4] + len(items[-1][5]):
                items[-1] = (*items[-1][:5], items[-1][5] + data)
            else:
                items.append((*head, int(part), offset, data))
        return items


class Writer:
    """All channels of a worker share one writer, one connection, one flush at a time. Lives on one event loop."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._flush_script = client.register_script(_script("flush"))
        self._fence_script = client.register_script(_script("fence"))
        self._touch_script = client.register_script(_script("touch"))
        self._dirty: dict[Channel, None] = {}  # an older attempt at a reply may still write beside a newer one
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def channel(self, reply_id: str, attempt: int, on_refusal: OnRefusal) -> Channel:
        """A way out for one attempt; nothing it appends is taken before ``fence``."""
        return Channel(self, reply_id, attempt, on_refusal)

    async def fence(self, channel: Channel, known: Snapshot) -> tuple[Snapshot, bool]:
        """Shut out older attempts and agree with Redis on the text so far: the longer of its snapshot and ``known``.

        Returns that text, and whether it surely holds all that earlier attempts published. Raises Superseded when a
        newer attempt was here, RedisError while Redis is away.
        """
        arguments = (channel.reply_id, known.attempt, known.epoch, SNAPSHOT_S, known.reasoning, known.text)
        answer = await self._fence_script(args=arguments)
        if not answer[0]:
            raise Superseded(f"attempt {answer[1]} of {channel.reply_id} is newer than {known.attempt}")
        _, epoch, kept, reasoning, text = answer
        channel.epoch = epoch
        return Snapshot(known.attempt, epoch, reasoning, text), bool(kept)

    async def touch(self, reply_ids: list[str]) -> list[str]:
        """Keep the snapshots of live replies; those of them that this run of Redis did not fence."""
        if not reply_ids:
            return []
        return [older.decode() for older in await self._touch_script(args=(SNAPSHOT_S, *reply_ids))]

    async def stops(self, reply_ids: list[str]) -> list[str]:
        """Those of the live replies that someone asked to stop."""
        flags = await self._client.mget([f"{key(reply_id)}:s" for reply_id in reply_ids]) if reply_ids else []
        return [reply_id for reply_id, flag in zip(reply_ids, flags, strict=True) if flag]

    def wake(self, channel: Channel) -> None:
        """A channel has something to send."""
        self._dirty[channel] = None
        self._idle.clear()
        self._wake.set()

    async def run(self) -> None:
        """Flush for ever. Cancel it to end; what is pending then is lost, so call ``drained`` first."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            channels = list(self._dirty)
            self._dirty.clear()
            owners = [(channel, item) for channel in channels for item in channel.take()]
            if owners:
                await self._deliver(owners)
            if not self._dirty:
                self._idle.set()

    async def drained(self) -> None:
        """Wait until nothing is pending. Raises TimeoutError after a second."""
        async with asyncio.timeout(LAST_S):
            await self._idle.wait()

    async def _deliver(self, owners: list[tuple[Channel, Item]]) -> None:
        blob = pack([item for _, item in owners])
        while True:
            began = time.perf_counter()
            try:
                refused = await self._flush_script(keys=(FEED,), args=(blob, FINAL_S, FEED_LENGTH))
                break
            except RedisError as error:
                metrics.FLUSH_FAILURES.value += 1
                log.warning("Redis did not take a flush: %s. Trying again.", error)
                await asyncio.sleep(RETRY_S)
        metrics.FLUSH_SECONDS.add(time.perf_counter() - began)
        metrics.FLUSH_ITEMS.add(len(owners))
        metrics.FLUSH_BYTES.value += len(blob)
        for index, why in zip(refused[::2], refused[1::2], strict=True):
            metrics.REFUSALS.labels(Refusal(why).name.lower()).inc()
            owners[index - 1][0].on_refusal(Refusal(why))


def _unheard(why: Refusal) -> None:
    """An attempt that is over has left all of its text in the row."""


@cache
def _script(name: str) -> str:
    return Path(__file__).with_name(f"{name}.lua").read_text()

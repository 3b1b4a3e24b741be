"""The web process's side: one reader of the shared feed, a mailbox for each who follows a reply.

A reader that reconnects goes on from the last entry it saw. What it may have missed (Redis came back empty, or the
feed was trimmed meanwhile) it cannot know, so every mailbox is told to look at the snapshot again; offsets do the rest.
"""

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from uuid import UUID

from redis.exceptions import RedisError

from inference import metrics
from inference.cancelling import cancelled
from inference.events import forgetting
from inference.events.client import async_client
from inference.events.items import FEED, FEED_LENGTH, FIELD, Item, Part, Snapshot, key, pack, unpack

BLOCK_MS = 3000  # below the client's socket timeout
RETRY_S = 0.2
AUDIT_S = 2.0
READ_AT_ONCE = 200

log = logging.getLogger(__name__)


class Mailbox:
    """What arrived for one follower and was not taken yet."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._news = asyncio.Event()
        self._quiet = False
        self.resync = False  # something may be missing: read the snapshot

    def put(self, item: Item) -> None:
        self._items.append(item)
        self._news.set()

    def missed(self) -> None:
        """Some items may never arrive here."""
        self.resync = True
        self._news.set()

    def audit(self) -> None:
        """Wake a follower that nothing reached since the last audit: the end of its reply may have been lost."""
        if self._quiet:
            self.missed()
        self._quiet = True

    async def take(self) -> list[Item]:
        """All that waits, once something does; may be empty when ``resync`` was set."""
        await self._news.wait()
        self._news.clear()
        self._quiet = False
        items, self._items = self._items, []
        return items


class Feed:
    """The feed as one process reads it. Lives on one event loop."""

    def __init__(self) -> None:
        self._client = async_client()
        self._mailboxes: defaultdict[str, dict[Mailbox, None]] = defaultdict(dict)
        self._tasks: list[asyncio.Task[None]] = []
        self._ready = asyncio.Event()

    async def start(self) -> None:
        """Begin to read, and wait a moment for the connection; when Redis is away, reading begins when it is back."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._read_forever()), asyncio.create_task(self._audit_forever())]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._ready.wait()

    async def close(self) -> None:
        """Stop reading."""
        await cancelled(self._tasks)
        await self._client.aclose()

    def attach(self, reply_id: UUID) -> Mailbox:
        """A mailbox that gets all that is published about a reply from now on; older mailboxes get it first."""
        mailbox = Mailbox()
        self._mailboxes[str(reply_id)][mailbox] = None
        metrics.FOLLOWERS.inc()
        return mailbox

    def detach(self, reply_id: UUID, mailbox: Mailbox) -> None:
        """The follower is gone."""
        followers = self._mailboxes[str(reply_id)]
        if mailbox in followers:
            del followers[mailbox]
            metrics.FOLLOWERS.dec()
        if not followers:
            del self._mailboxes[str(reply_id)]

    async def snapshot(self, reply_id: UUID) -> Snapshot | None:
        """What Redis holds of a reply; None when it knows nothing of it. Raises RedisError while Redis is away."""
        # Shielded, so that a follower which is cancelled meanwhile ends for certain: inference.cancelling says why.
        asking = asyncio.ensure_future(self._snapshot(reply_id))
        asking.add_done_callback(lambda done: done.cancelled() or done.exception())  # then nobody else asks for it
        return await asyncio.shield(asking)

    async def hasten_stop(self, reply_id: UUID) -> None:
        """Let the worker, if one has the reply, and all who follow it, see a stop that is saved.

        Losing this costs the worker a heartbeat, the followers an audit.
        """
        look_again: Item = (str(reply_id), 0, 0, Part.SYNC, 0, b"")
        with contextlib.suppress(RedisError):
            async with self._client.pipeline(transaction=False) as pipe:
                pipe.set(f"{key(str(reply_id))}:s", 1, ex=60)
                pipe.xadd(FEED, {FIELD: pack([look_again])}, maxlen=FEED_LENGTH)
                await pipe.execute()

    async def call(self, name: UUID) -> None:
        """Publish an item that reaches only a mailbox attached under this name. Raises RedisError."""
        blob = pack([(str(name), 0, 0, int(Part.PROBE), 0, b"")])
        await self._client.xadd(FEED, {FIELD: blob}, maxlen=FEED_LENGTH, approximate=True)

    async def _snapshot(self, reply_id: UUID) -> Snapshot | None:
        name = key(str(reply_id))
        async with self._client.pipeline(transaction=True) as pipe:
            pipe.hmget(name, "attempt", "epoch").get(f"{name}:r").get(f"{name}:t")
            (attempt, epoch), reasoning, text = await pipe.execute()
        return None if attempt is None else Snapshot(int(attempt), int(epoch), reasoning or b"", text or b"")

    async def _read_forever(self) -> None:
        last = b""
        while True:
            try:
                last = last or await self._newest()
                self._ready.set()
                last = await self._read(last)
            except RedisError as error:
                metrics.FEED_OUTAGES.value += 1
                log.warning("The feed of replies cannot be read: %s. Trying again.", error)
                await asyncio.sleep(RETRY_S)
                last = await self._after_outage(last)

    async def _audit_forever(self) -> None:
        while True:
            await asyncio.sleep(AUDIT_S)
            for mailbox in self._everyone():
                mailbox.audit()

    def _everyone(self) -> list[Mailbox]:
        return [mailbox for mailboxes in self._mailboxes.values() for mailbox in mailboxes]

    async def _newest(self) -> bytes:
        entries = await self._client.xrevrange(FEED, count=1)
        return bytes(entries[0][0]) if entries else b"0-0"

    async def _read(self, last: bytes) -> bytes:
        answer = await self._client.xread({FEED: last}, count=READ_AT_ONCE, block=BLOCK_MS)
        for _, entries in answer or ():
            published_ms, _ = _number(entries[0][0])
            metrics.FEED_LAG.add(max(0.0, time.time() - published_ms / 1000))
            for entry, fields in entries:
                last = bytes(entry)
                self._hand_out(unpack(fields[FIELD]))
        return last

    def _hand_out(self, items: list[Item]) -> None:
        mailboxes = self._mailboxes
        for item in items:
            if item[3] == Part.GONE:
                forgetting.hear(item[0])
                continue
            for mailbox in mailboxes.get(item[0], ()):
                if item[3] == Part.SYNC:
                    mailbox.missed()
                else:
                    mailbox.put(item)

    async def _after_outage(self, last: bytes) -> bytes:
        """Where to go on: at the last entry seen, unless Redis came back with an older feed. All resync."""
        try:
            newest = await self._newest()
        except RedisError:
            return last
        for mailbox in self._everyone():
            mailbox.missed()
        return min(last or newest, newest, key=_number)


def _number(entry: bytes) -> tuple[int, int]:
    milliseconds, _, sequence = entry.partition(b"-")
    return int(milliseconds), int(sequence)

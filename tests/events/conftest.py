"""A worker's side of the feed and a web process's, on the test's own event loop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from redis.exceptions import RedisError

from inference.events.client import async_client
from inference.events.feed import Feed
from inference.events.items import Refusal, Snapshot
from inference.events.writer import Channel, Writer


class Attempt:
    """One attempt at a reply: its channel, and what it was refused."""

    def __init__(self, writer: Writer, reply: UUID, number: int) -> None:
        self.writer = writer
        self.reply = reply
        self.number = number
        self.refusals: list[Refusal] = []
        self.channel: Channel = writer.channel(str(reply), number, self.refusals.append)

    async def fence(self, text: bytes = b"", reasoning: bytes = b"", epoch: int = 0) -> tuple[Snapshot, bool]:
        """Fence the reply, knowing this much of it. Tries again, as a worker does, while Redis is away."""
        async with asyncio.timeout(15):
            while True:
                with contextlib.suppress(RedisError):
                    held, kept = await self.writer.fence(self.channel, Snapshot(self.number, epoch, reasoning, text))
                    self.channel.go_on_from(held)
                    return held, kept
                await asyncio.sleep(0.01)

    async def flushed(self) -> None:
        """All that was appended has been answered."""
        await self.writer.drained()


Begin = Callable[..., Attempt]


@pytest_asyncio.fixture
async def writer(empty_redis: object) -> AsyncIterator[Writer]:
    client = async_client()
    writer = Writer(client)
    task = asyncio.create_task(writer.run())
    yield writer
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await client.aclose()


@pytest_asyncio.fixture
async def feed(empty_redis: object, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Feed]:
    """It audits nothing: what it says is missing it has found out by itself."""
    monkeypatch.setattr("inference.events.feed.AUDIT_S", 3600)
    feed = Feed()
    await feed.start()
    yield feed
    await feed.close()


@pytest.fixture
def reply() -> UUID:
    return uuid4()


@pytest.fixture
def begin(writer: Writer, reply: UUID) -> Begin:
    """Begins attempts at one reply."""
    return lambda number=1, of=None: Attempt(writer, of or reply, number)

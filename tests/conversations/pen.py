"""Writing a reply by hand, piece by piece, as a worker's attempt would: for tests that decide what arrives when."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from conversations.models import Message
from conversations.replies import queue
from conversations.states import EVENT, State
from inference.events.client import async_client
from inference.events.items import Part, Snapshot
from inference.events.writer import Writer
from tests.conversations.talk import reply_of
from tests.web import Web


class Pen:
    """Claims the reply that waits and holds it. Lives on the loop of the web process that it is given."""

    def __init__(self, web: Web, model: str) -> None:
        reply = queue.claim(model)
        assert reply is not None
        self.reply: Message = reply
        self.text = self.reasoning = ""
        self._web = web
        web.run(self._begin())

    async def _begin(self) -> None:
        self._client = async_client()
        self.writer = Writer(self._client)
        self._running = asyncio.create_task(self.writer.run())
        self.channel = self.writer.channel(str(self.reply.pk), self.reply.attempt, lambda why: None)
        await self.writer.fence(self.channel, Snapshot(self.reply.attempt, 0, b"", b""))
        self.channel.announce({"type": "started", "model": self.reply.model})

    def say(self, text: str, part: Part = Part.TEXT) -> None:
        """The next piece; it is in Redis when this returns."""
        if part == Part.TEXT:
            self.text += text
        else:
            self.reasoning += text
        self._do(lambda: self.channel.append(part, text))

    def announce(self, event: dict[str, Any], *, last: bool = False) -> None:
        self._do(lambda: self.channel.announce(event, last=last))

    def checkpoint(self) -> None:
        """Save what was said so far."""
        Message.objects.filter(pk=self.reply.pk).update(text=self.text, reasoning=self.reasoning)

    def save_end(self, state: State = State.COMPLETE) -> Message:
        """The end, in the row only."""
        self.checkpoint()
        Message.objects.filter(pk=self.reply.pk).update(state=state, lease_until=None)
        return reply_of(self.reply.pk)

    def end(self, state: State = State.COMPLETE) -> Message:
        row = self.save_end(state)
        self.announce({"type": EVENT[state], "problem": "", **row.describe_end()}, last=True)
        return row

    def close(self) -> None:
        self._web.run(self._close())

    def _do(self, work: Callable[[], None]) -> None:
        async def on_the_loop() -> None:
            work()
            while True:  # as long as ``web.run`` waits: a busy machine may take more than the second it has
                with suppress(TimeoutError):
                    return await self.writer.drained()

        self._web.run(on_the_loop())

    async def _close(self) -> None:
        self._running.cancel()
        with suppress(asyncio.CancelledError):
            await self._running
        await self._client.aclose()


Take = Callable[[], Pen]


@pytest.fixture
def take(web: Web, model: Any) -> Iterator[Take]:
    """Takes the next reply that waits."""
    pens: list[Pen] = []

    def pen() -> Pen:
        pens.append(Pen(web, model.name))
        return pens[-1]

    yield pen
    for one in pens:
        one.close()

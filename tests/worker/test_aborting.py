"""An attempt that is told to end: its engine's request is let go of, once and for certain."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import cast

import pytest

from inference.protocol import Chunk, Engine, Finish, Request, Turn
from inference.runner import Abort, Aborted
from tests.worker.test_reasoning_time import live as attempt

ASK = Request("id", (Turn("user", "Hello?"),))


async def test_an_order_to_end_that_is_repeated_lets_the_engine_let_go() -> None:
    """The keeper says it ten times a second; and what lets go may wait, for a connection or the engine's core."""
    said, leaving, may_leave = asyncio.Event(), asyncio.Event(), asyncio.Event()
    freed: list[bool] = []

    class Slow:
        async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
            try:
                yield Chunk("One")
                said.set()
                await asyncio.sleep(3600)
            finally:
                leaving.set()
                await may_leave.wait()
                freed.append(True)

    live = attempt()
    writing = asyncio.create_task(live.generate(cast("Engine", Slow()), ASK, 100))
    async with asyncio.timeout(5):
        for moment in (said, leaving, leaving):
            await moment.wait()
            live.abort(Abort.STOPPED)
            await asyncio.sleep(0)
        may_leave.set()
        with pytest.raises(Aborted):
            await writing
    assert freed


async def test_an_attempt_whose_cancellation_was_lost_ends_at_its_next_chunk() -> None:
    class Deaf:
        async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
            yield Chunk("One")
            with contextlib.suppress(asyncio.CancelledError):
                live.abort(Abort.STOPPED)
                await asyncio.sleep(3600)
            yield Chunk("Two")
            yield Chunk("", finish=Finish.STOP)

    live = attempt()
    async with asyncio.timeout(5):
        with pytest.raises(Aborted):
            await live.generate(cast("Engine", Deaf()), ASK, 100)
    assert live.text == "One"

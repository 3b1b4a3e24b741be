"""A task that misses its cancellation is cancelled again."""

import asyncio
import contextlib

from inference.cancelling import cancelled


async def test_a_task_that_swallows_a_cancellation_ends_all_the_same() -> None:
    async def deaf() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        await asyncio.sleep(3600)

    async def failed() -> None:
        raise ValueError("its own affair")

    tasks = [asyncio.create_task(deaf()), asyncio.create_task(failed())]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await cancelled(tasks)
    assert tasks[0].cancelled()
    assert isinstance(tasks[1].exception(), ValueError)
    await cancelled([])

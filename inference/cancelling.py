"""Ending tasks for certain."""

import asyncio
from collections.abc import Collection
from typing import Any

AGAIN_S = 0.1


async def cancelled(tasks: "Collection[asyncio.Task[Any]]") -> None:
    """Cancel tasks until all have ended; what they raise is theirs.

    Once is not enough: until Python 3.12 ``asyncio.wait_for``, in which redis-py sends, swallows a cancellation that
    comes in the moment when what it waits for is done.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)

"""Whether the push path works here: something is published on the feed, and this process's own reader must hear it."""

import asyncio
import time
from uuid import uuid4

from redis.exceptions import RedisError

from inference.events.feed import Feed

EVERY_S = 1.0  # at most one probe in this time, however many ask
PATIENCE_S = 2.0


class Probe:
    """Asks one feed. Lives on its event loop."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._heard = False

    async def hears(self) -> bool:
        """Whether the reader heard the last probe; those who ask at the same time share one."""
        async with self._asking:
            if time.monotonic() - self._asked_at > EVERY_S:
                self._heard = await self._ask()
                self._asked_at = time.monotonic()
        return self._heard

    async def _ask(self) -> bool:
        name = uuid4()
        mailbox = self._feed.attach(name)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._feed.call(name)
                while not await mailbox.take():
                    pass
        except (RedisError, TimeoutError):
            return False
        finally:
            self._feed.detach(name, mailbox)
        return True

"""What a worker says of itself every two seconds, and the orders it hears then."""

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from inference.gpu import memory_share
from inference.metrics import COMPLETION_TOKENS, EngineFigures
from inference.presence import EVERY_S, Order, Presence, State, announce

if TYPE_CHECKING:
    from inference.worker import Worker

SLOW_START_S = 90.0  # the reference article's bound for a healthy start
SLOW_START_AGAIN_S = 30.0

log = logging.getLogger(__name__)


class RollCall:
    """One worker's voice and ear."""

    def __init__(self, worker: "Worker") -> None:
        self._worker = worker
        self._news = asyncio.Event()
        self._counted = (time.monotonic(), COMPLETION_TOKENS.value)

    async def run(self) -> None:
        """Speak and listen for ever."""
        began = time.monotonic()
        warn_after = SLOW_START_S
        while True:
            now = await self.presence()
            if now.state == "starting" and time.monotonic() - began > warn_after:
                log.warning("The engine of %s is not ready after %.0f s: %s", now.model, warn_after, now.detail)
                warn_after += SLOW_START_AGAIN_S
            try:
                self._obey(await announce(self._worker.redis, now))
            except RedisError as error:
                log.warning("Redis is away: %s", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await self._news.wait()
            self._news.clear()

    def speak(self) -> None:
        """Say now what is new."""
        self._news.set()

    async def presence(self) -> Presence:
        """What there is to say now."""
        worker = self._worker
        health = await worker.caretaker.health()
        return Presence(
            name=worker.name,
            model=worker.model.name,
            label=worker.model.label,
            engine=worker.model.engine,
            state=self._state(),
            detail=health.detail,
            slots=worker.model.slots,
            live=len(worker.live),
            restarts=worker.caretaker.restarts,
            memory=memory_share(),
            cache=health.cache,
            tokens_s=self._tokens_s(),
        )

    def figures(self) -> EngineFigures:
        """The same for ``/metrics``, from any thread."""
        worker = self._worker
        return EngineFigures(
            model=worker.model.name,
            ready=worker.caretaker.is_ready,
            slots=worker.model.slots,
            live=len(worker.live),
            restarts=worker.caretaker.restarts,
            memory=memory_share(),
        )

    def _state(self) -> State:
        caretaker = self._worker.caretaker
        if self._worker.is_ending:
            return "ending"
        if caretaker.is_ready:
            return "ready"
        return "rebuilding" if caretaker.is_rebuilding else "starting"

    def _tokens_s(self) -> float:
        then, before = self._counted
        self._counted = now, tokens = time.monotonic(), COMPLETION_TOKENS.value
        return round((tokens - before) / max(0.001, now - then), 1)

    def _obey(self, order: Order | None) -> None:
        if order == "drain":
            log.warning("This worker ends, as an administrator asked.")
            self._worker.end()
        elif order == "rebuild" and self._worker.caretaker.is_ready:
            self._worker.caretaker.rebuild("an administrator asked for it")

"""Keeps an engine that can answer: starts it, watches it, builds it anew when it is dead or its memory is not well.

The rules are the reference article's: after three out-of-memory errors in a row the engine comes back with
``enforce_eager``; when GPU memory stays over 95% for 30 seconds it is rebuilt.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import replace

from inference.concerning import concerning
from inference.model import Model
from inference.protocol import Engine, EngineDead, EngineError, Health, Problem

FULL = 0.95  # share of GPU memory
FULL_FOR_S = 30.0
LOOK_EVERY_S = 2.0
OUT_OF_MEMORY_IN_A_ROW = 3
REBUILDS_IN_A_ROW = 3  # that failed; then there is no engine here
REBUILD_PAUSE_S = 2.0
CLOSE_S = 40.0

Build = Callable[[Model], Engine]
MemoryShare = Callable[[], float | None]  # 0 to 1, None where there is no GPU to read

log = logging.getLogger(__name__)


class Caretaker:
    """One engine after another for one model. Lives on the worker's loop."""

    def __init__(self, model: Model, build: Build, memory_share: MemoryShare) -> None:
        self.model = model
        self.engine = build(model)
        self.restarts = 0
        self.failed: EngineError | None = None  # why there is no engine any more
        self._build = build
        self._memory_share = memory_share
        self._out_of_memory = 0
        self._full_since: float | None = None
        self._standing = asyncio.Event()
        self._rebuild: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the first engine. Raises EngineError with what is missing."""
        await self.engine.start()
        self._standing.set()

    async def ready(self) -> Engine:
        """The engine, once one stands. Raises EngineError when there will be none."""
        await self._standing.wait()
        if self.failed:
            raise self.failed
        return self.engine

    @property
    def is_ready(self) -> bool:
        return self._standing.is_set() and not self.failed

    @property
    def is_rebuilding(self) -> bool:
        return self._rebuild is not None

    async def health(self) -> Health:
        """The engine's health, or what is done about it."""
        if self._rebuild and not self._rebuild.done():
            return Health(ready=False, detail="The engine is being rebuilt.")
        return await self.engine.health()

    def succeeded(self) -> None:
        """A reply came to its end: the engine is well."""
        self._out_of_memory = 0

    def suffered(self, engine: Engine, error: EngineError) -> None:
        """A generation on ``engine`` failed; what that calls for is done, once."""
        if engine is not self.engine or self._rebuild:
            return
        starved = error.problem is Problem.OUT_OF_MEMORY or (isinstance(error, EngineDead) and self._is_full())
        self._out_of_memory = self._out_of_memory + 1 if starved else 0
        if self._out_of_memory >= OUT_OF_MEMORY_IN_A_ROW:
            self._out_of_memory = 0
            self._go_eager()
            self.rebuild(f"it ran out of memory {OUT_OF_MEMORY_IN_A_ROW} times in a row")
        elif isinstance(error, EngineDead):
            self.rebuild("it is dead")

    def rebuild(self, why: str) -> None:
        """Close the engine and start a new one; replies wait in the queue meanwhile."""
        if self._rebuild is None:
            log.error("The engine of %s is rebuilt: %s.", self.model.name, why)
            self._standing.clear()
            with concerning(""):  # not only the reply that showed the need
                self._rebuild = asyncio.create_task(self._build_anew())

    async def watch_memory(self) -> None:
        """Look at the GPU's memory for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            self.look(time.monotonic())

    def look(self, now: float) -> None:
        """One look at the GPU's memory, at ``now`` seconds on a monotonic clock."""
        if not self._is_full():
            self._full_since = None
        elif self._full_since is None:
            self._full_since = now
        elif now - self._full_since >= FULL_FOR_S:
            self._full_since = None
            self.rebuild(f"GPU memory was over {FULL:.0%} for {FULL_FOR_S:.0f} s")

    async def close(self) -> None:
        """Close the engine for good."""
        if self._rebuild:
            self._rebuild.cancel()
            await asyncio.gather(self._rebuild, return_exceptions=True)
        await self._close_engine()

    def _is_full(self) -> bool:
        share = self._memory_share()
        return share is not None and share >= FULL

    def _go_eager(self) -> None:
        if "enforce_eager" in self.model.options:
            self.model = replace(self.model, options={**self.model.options, "enforce_eager": True})

    async def _build_anew(self) -> None:
        try:
            for left in reversed(range(REBUILDS_IN_A_ROW)):
                await self._close_engine()
                try:
                    self.engine = self._build(self.model)
                    await self.engine.start()
                except EngineError as error:
                    log.error("The engine of %s did not start again (%d tries left): %s", self.model.name, left, error)
                    self.failed = error
                    await asyncio.sleep(REBUILD_PAUSE_S if left else 0)
                else:
                    self.failed = None
                    self.restarts += 1
                    log.warning("The engine of %s is back.", self.model.name)
                    return
        finally:
            self._rebuild = None
            self._standing.set()

    async def _close_engine(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.engine.close(), CLOSE_S)

"""The process that holds an engine: one asyncio loop on one thread, started and stopped by a Celery bootstep.

Celery's threads take tickets and wait; all writing happens on the loop, so one engine batches every reply. Whoever
builds the worker may give it companions: coroutines that run on the loop as long as it does.
"""

import asyncio
import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import Any, TypeVar

import uvloop
from celery import bootsteps
from django.conf import settings
from redis.exceptions import RedisError

from inference import presence
from inference.engines import build
from inference.events.client import async_client
from inference.events.writer import Writer
from inference.model import Model
from inference.protocol import EngineError
from inference.runner import Abort, Live

DRAIN_S = 20.0  # how long a worker that ends lets its replies go on before it hands them over
CLOSE_S = 30.0
SLOW_START_S = 90.0  # the reference article's bound for a healthy start

R = TypeVar("R")
Companion = Callable[["Worker"], Awaitable[None]]

log = logging.getLogger(__name__)
_current: "Worker | None" = None


def current() -> "Worker":
    """The worker of this process. Raises RuntimeError in a process that holds none."""
    if _current is None:
        raise RuntimeError("this process holds no engine: start it with manage.py inference_worker")
    return _current


class Worker:
    """An engine, its loop, and the replies it writes now."""

    def __init__(self, model: Model, name: str, companions: Sequence[Companion] = ()) -> None:
        self.model = model
        self.name = name
        self.live: dict[str, Live] = {}
        self.ready = False
        self.dead = False
        self._companions = companions
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="engine", daemon=True)

    def run(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine on the engine's loop from another thread and wait for its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def start(self) -> None:
        """Start loop and engine; returns when the engine can answer. Raises EngineError with what is missing."""
        self._thread.start()
        self.run(self._start())

    def stop(self) -> None:
        """Let replies end for a while, hand over the rest, close the engine, end the loop."""
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_S)

    def engine_died(self) -> None:
        """End this process in order: what it wrote continues elsewhere, and whoever runs it starts a new one."""
        if not self.dead:
            self.dead = True
            log.error("The engine of %s is dead; this worker ends so that a new one can start.", self.model.name)
            os.kill(os.getpid(), signal.SIGTERM)

    @contextlib.contextmanager
    def writing(self, live: Live) -> Iterator[None]:
        """Count a reply among the live ones while the block runs."""
        self.live[live.id] = live
        self._idle.clear()
        try:
            yield
        finally:
            del self.live[live.id]
            if not self.live:
                self._idle.set()

    def spawn(self, work: Awaitable[None]) -> None:
        """Run something beside the replies until it or the worker ends. A fault in it ends the worker."""
        task = asyncio.ensure_future(work)
        task.add_done_callback(_log_fault)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _start(self) -> None:
        self.redis = async_client()
        self.writer = Writer(self.redis)
        self.engine = build(self.model, settings.CACHE_DIR)
        self.spawn(self._say_present())
        await self.engine.start()
        self.spawn(self.writer.run())
        for companion in self._companions:
            self.spawn(companion(self))
        self.ready = True

    async def _stop(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), 0 if self.dead else DRAIN_S)
        for live in self.live.values():
            live.abort(Abort.HANDED_OVER)
        await self._idle.wait()
        await self.writer.drained()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await presence.leave(self.redis, self.name)
        await asyncio.wait_for(self.engine.close(), CLOSE_S)
        await self.redis.aclose()

    async def _say_present(self) -> None:
        began = time.monotonic()
        while True:
            try:
                await presence.announce(self.redis, await self._presence(time.monotonic() - began))
            except RedisError as error:
                log.warning("Redis is away: %s", error)
            await asyncio.sleep(presence.EVERY_S)

    async def _presence(self, age_s: float) -> presence.Presence:
        health = await self.engine.health()
        if not self.ready and age_s > SLOW_START_S:
            log.warning("The engine of %s is not ready after %.0f s: %s", self.model.name, age_s, health.detail)
        return presence.Presence(
            name=self.name,
            model=self.model.name,
            label=self.model.label,
            engine=self.model.engine,
            state="ready" if self.ready else "starting",
            detail=health.detail,
            slots=self.model.slots,
            live=len(self.live),
        )


def install(app: Any, worker: Worker) -> None:
    """Make ``worker`` the one of this process: a Celery worker of ``app`` starts and stops it with its pool."""
    global _current  # noqa: PLW0603 - one worker a process
    _current = worker
    app.steps["worker"].add(EngineStep)


class EngineStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """Starts the engine before the consumer takes anything; on the way down the consumer is already gone."""

    requires = ("celery.worker.components:Pool",)

    def start(self, parent: Any) -> None:
        try:
            current().start()
        except EngineError as error:
            log.critical("The engine did not start: %s", error)
            raise SystemExit(3) from error

    def stop(self, parent: Any) -> None:
        current().stop()


def _log_fault(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.critical("A part of the worker ended: %r", error, exc_info=error)
        os.kill(os.getpid(), signal.SIGTERM)

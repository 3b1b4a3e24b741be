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
from typing import Any, TypeVar, cast

import uvloop
from celery import bootsteps
from django.conf import settings
from redis.exceptions import RedisError

from inference import metrics, presence
from inference.cancelling import cancelled
from inference.caretaker import Caretaker
from inference.engines import build
from inference.events.client import async_client
from inference.events.writer import Writer
from inference.gpu import memory_share
from inference.model import Model
from inference.protocol import Engine, EngineDead, EngineError
from inference.roll_call import RollCall
from inference.runner import Abort, Live

DRAIN_S = 20.0  # how long a worker that ends lets its replies go on before it hands them over
HAND_OVER_S = 5.0  # and how long that may take
CLOSE_S = 30.0

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
        self._stopping = False
        self._door = threading.Lock()
        self._is_shut = False  # nothing more is taken onto the loop
        self._companions = companions
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._spare: set[asyncio.Task[Any]] = set()  # those of ``in_spare_time``
        self._calls: set[asyncio.Task[Any]] = set()  # those of ``run``
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="engine", daemon=True)

    def run(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine on the engine's loop from another thread and wait for its result.

        Raises EngineDead when the loop takes nothing more: on one that has ended it would wait for ever.
        """
        with self._door:
            if self._is_shut:
                coroutine.close()
                raise EngineDead("this worker has ended")
            call = asyncio.run_coroutine_threadsafe(self._call(coroutine), self._loop)
        return call.result()

    def start(self) -> None:
        """Start loop and engine; returns when the engine can answer. Raises EngineError with what is missing."""
        self._thread.start()
        self.run(self._start())

    def stop(self) -> None:
        """Let replies end for a while, hand over the rest, close the engine, end the loop."""
        self.run(self._stop())
        with self._door:
            self._is_shut = True
        asyncio.run_coroutine_threadsafe(self._hand_over(), self._loop).result()  # what came before the door was shut
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_S)

    async def engine(self) -> Engine:
        """The engine, once it can answer. Raises EngineDead when there will be none; then this process ends."""
        try:
            engine = await self.caretaker.ready()
        except EngineError as error:
            self.end()
            raise EngineDead(str(error)) from error
        if self._stopping:
            raise EngineDead("this worker ends")
        return engine

    @property
    def is_ending(self) -> bool:
        """Whether it takes no new work any more."""
        return self._stopping

    @contextlib.contextmanager
    def writing(self, live: Live) -> Iterator[None]:
        """Count a reply among the live ones while the block runs.

        Another attempt at it may begin here before this one, which let go of it, has left the block.
        """
        self.live[live.id] = live
        self._idle.clear()
        self._make_room()
        try:
            yield
        finally:
            live.close()
            if self.live.get(live.id) is live:
                del self.live[live.id]
            if not self.live:
                self._idle.set()

    def spawn(self, work: Awaitable[None]) -> None:
        """Run something beside the replies until it or the worker ends. A fault in it ends the worker."""
        task = asyncio.ensure_future(work)
        task.add_done_callback(_log_fault)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def in_spare_time(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something with the engine as long as no reply needs its slot; without a free one, not at all.

        A fault in it is logged, and no more.
        """
        if self._stopping or len(self.live) + len(self._spare) >= self.model.slots:
            work.close()
            return
        task = asyncio.ensure_future(work)
        self._spare.add(task)
        task.add_done_callback(self._spare.discard)
        task.add_done_callback(_log_spare_fault)

    def _make_room(self) -> None:
        for task in list(self._spare)[: max(0, len(self.live) + len(self._spare) - self.model.slots)]:
            if not task.cancelling():  # again, it would cut short how the engine lets go of the request
                task.cancel()

    async def _start(self) -> None:
        self.redis = async_client()
        self.writer = Writer(self.redis)
        self.caretaker = Caretaker(self.model, lambda model: build(model, settings.CACHE_DIR), memory_share)
        roll_call = RollCall(self)
        self._figures = roll_call.figures
        metrics.ENGINES.add(self._figures)
        self.spawn(roll_call.run())
        await self.caretaker.start()
        roll_call.speak()
        self.spawn(self.writer.run())
        self.spawn(self.caretaker.watch_memory())
        for companion in self._companions:
            self.spawn(companion(self))

    async def _stop(self) -> None:
        self._stopping = True
        metrics.ENGINES.remove(self._figures)
        await cancelled(self._spare)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), DRAIN_S)
        await self._hand_over()
        with contextlib.suppress(TimeoutError):  # Redis is away: the rows have it all
            await self.writer.drained()
        await cancelled(self._tasks)
        with contextlib.suppress(RedisError):
            await presence.leave(self.redis, self.name)
        await self.caretaker.close()
        await self.redis.aclose()

    async def _call(self, coroutine: Coroutine[Any, Any, R]) -> R:
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._calls.add(task)
        try:
            return await coroutine
        finally:
            self._calls.discard(task)

    async def _hand_over(self) -> None:
        """Abort what is live until no thread waits for a call: one that outlived the loop would wait for ever."""
        deadline = time.monotonic() + HAND_OVER_S
        while (calls := self._calls - {asyncio.current_task()}) and time.monotonic() < deadline:
            for live in self.live.values():
                live.abort(Abort.HANDED_OVER)
            await asyncio.wait(calls, timeout=0.1)
        await cancelled(calls)

    def end(self) -> None:
        """End this process in order, once; whoever runs it starts a new one."""
        if not self._stopping:
            self._stopping = True
            os.kill(os.getpid(), signal.SIGTERM)


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


def _log_spare_fault(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("What was done in spare time failed: %r", error, exc_info=error)


def _log_fault(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.critical("A part of the worker ended: %r", error, exc_info=error)
        os.kill(os.getpid(), signal.SIGTERM)

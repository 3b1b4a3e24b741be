"""Inference workers for tests: the scripted engine inside a real worker on its own loop, without Celery around it."""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from conversations import database
from conversations.replies import places
from conversations.replies.keeper import keep
from conversations.replies.queue import let_go_of_lapsed
from conversations.replies.reply import serve
from inference import serving
from inference.model import Model
from inference.worker import Worker
from tests.standing import patient

CATALOG = """
[[model]]
name = "scripted"
label = "Scripted"
engine = "scripted"
context_window = 8192
slots = 32

[model.options]
ttft = 0
rate = 2000
directives = true
"""

# Numbered lines, so that what is lost or doubled shows; characters of one to four bytes, so that a wrong cut shows.
STORY = "".join(f"{number}: 你好 naïve 🚀 words, one after the other.\n" for number in range(60))


def database_is_idle(seconds: float = 10) -> None:
    """Wait until what was given to database threads so far is done."""
    for executor in (database._executor, database._urgent):
        all_of_them = threading.Barrier(executor._max_workers)
        wait([executor.submit(all_of_them.wait, seconds) for _ in range(all_of_them.parties)])
        assert not all_of_them.broken


class Hired:
    """A worker on duty, and what may happen to it."""

    def __init__(self, worker: Worker, threads: ThreadPoolExecutor) -> None:
        self.worker = worker
        self._threads = threads

    def ticket(self, *, lapsed: bool = False) -> "Future[None]":
        """Hand it a ticket, as Celery does; the future ends with the reply it claimed.

        With ``lapsed``, replies whose lease ran out have been taken from their workers, as the sweeper does.
        """
        if lapsed:
            let_go_of_lapsed(self.worker.model.name)
        return self._threads.submit(self.worker.run, serve(self.worker))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It does nothing while the block runs, then goes on as if no time had passed: a zombie.

        What it has given to database threads is done before: a lease that a test lets lapse would be renewed after it.
        """
        wake, asleep = threading.Event(), threading.Event()

        async def sleep() -> None:
            asleep.set()
            wake.wait()

        sleeping = self._threads.submit(self.worker.run, sleep())
        assert asleep.wait(15)
        database_is_idle()
        try:
            yield
        finally:
            wake.set()
            sleeping.result(15)

    def leave(self) -> None:
        """End it as its process would end."""
        self.worker.stop()


Hire = Callable[..., Hired]


@pytest.fixture
def model(settings: Settings, tmp_path: Path) -> Iterator[Model]:
    """The model that this site serves."""
    settings.CATALOG = tmp_path / "catalog.toml"
    settings.CATALOG.write_text(CATALOG)
    settings.MODEL = "scripted"
    settings.REPLY_TOKENS = 4096
    forget = serving.models.cache_clear
    forget()
    places._look.cache_clear()
    yield serving.model()
    forget()


@pytest.fixture
def hire(
    model: Model, transactional_db: None, no_connections_left: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hire]:
    """Starts workers: ``hire(rate=100)`` sets options of the scripted engine, ``window`` its context window."""
    monkeypatch.setattr("inference.worker.DRAIN_S", 0.05)
    hired: list[Hired] = []
    threads = ThreadPoolExecutor(16)

    def start(*, window: int = 0, system: str | None = None, model: Model = model, **options: Any) -> Hired:
        mine = replace(
            model,
            context_window=window or model.context_window,
            system=model.system if system is None else system,
            options={**model.options, **options},
        )
        one = Hired(Worker(mine, f"worker-{len(hired)}", companions=[keep]), threads)
        hired.append(one)
        one.worker.start()
        return one

    with patient():
        yield start
    for one in hired:
        if one.worker._thread.is_alive():
            one.leave()
    threads.shutdown()


@pytest.fixture
def sigterms() -> Iterator[list[int]]:
    """Where a process would end by SIGTERM, the signal is kept here instead."""
    received: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
    yield received
    signal.signal(signal.SIGTERM, before)

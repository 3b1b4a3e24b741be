"""A web process for tests: its event loop on a thread of its own, its reader of the feed, and readers of replies."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from conversations import database
from conversations.follow import Cursor, Follower
from conversations.streams import Streams, streams
from inference.cancelling import cancelled
from tests.screen import Screen

R = TypeVar("R")
PATIENCE_S = 40


class Reader:
    """One who follows one reply, made on the web process's loop. Its ``screen`` shows what came so far."""

    def __init__(self, web: "Web", follower: Follower, screen: Screen) -> None:
        self.screen = screen
        self._web = web
        self._news = threading.Condition()
        self._may_read = asyncio.Event()
        self._may_read.set()
        self._task = asyncio.create_task(self._read(follower))

    async def _read(self, follower: Follower) -> None:
        async for frame in follower.frames():
            with self._news:
                self.screen.read(frame)
                self._news.notify_all()
            await self._may_read.wait()

    def until(self, condition: Callable[[Screen], Any], seconds: float = PATIENCE_S) -> Screen:
        """The screen, once the condition holds. Fails when the reader ended without that, or time is up."""
        with self._news:
            held = self._news.wait_for(lambda: condition(self.screen) or self._failed(), seconds)
        self._raise_failure()
        assert held, f"the page shows {self.screen.types[-5:]} and {self.screen.text[-80:]!r}"
        return self.screen

    def end(self, seconds: float = PATIENCE_S) -> Screen:
        """The screen, once the reply has ended."""
        return self.until(lambda screen: screen.end, seconds)

    def pause(self) -> None:
        """Read no further frame: a browser that is slow."""
        self._web.loop.call_soon_threadsafe(self._may_read.clear)

    def go_on(self) -> None:
        self._web.loop.call_soon_threadsafe(self._may_read.set)

    def leave(self) -> None:
        """Close the page; it reads nothing any more."""
        self._web.run(cancelled([self._task]))

    def _failed(self) -> bool:
        return self._task.done() and not self._task.cancelled() and self._task.exception() is not None

    def _raise_failure(self) -> None:
        if self._failed():
            self._task.result()


class Web:
    """What one web process has for its sockets."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="web", daemon=True)
        self._thread.start()
        self.streams: Streams = self.run(streams())

    def run(self, coroutine: Coroutine[Any, Any, R], seconds: float = PATIENCE_S) -> R:
        """Run a coroutine on the loop and wait for its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(seconds)

    def follow(self, reply: UUID, *, html: bool = False, fresh: bool = False, has: Screen | None = None) -> Reader:
        """Follow a reply, from the start or from what a page ``has``; returns when nothing can be missed any more."""
        screen = has or Screen()

        async def begin() -> Reader:
            follower = self.streams.follower(reply, Cursor(*screen.cursor), html=html, fresh=fresh)
            follower.listen()
            return Reader(self, follower, screen)

        return self.run(begin())

    def close(self) -> None:
        self.run(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    async def _end(self) -> None:
        await self.streams.feed.close()
        await sync_to_async(connections.close_all)()  # of the thread in which sessions are looked up
        await cancelled([task for task in asyncio.all_tasks() if task is not asyncio.current_task()])


@pytest.fixture
def no_connections_left() -> Iterator[None]:
    """Ends the threads that worked on the test's database, before that is emptied."""
    yield
    database.close()


@pytest.fixture
def quick_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Web processes started after this look often at replies from which nothing comes."""
    monkeypatch.setattr("inference.events.feed.AUDIT_S", 0.1)


@pytest.fixture
def open_web(transactional_db: None, no_connections_left: None) -> Iterator[Callable[[], Web]]:
    """Starts web processes."""
    opened: list[Web] = []

    def start() -> Web:
        opened.append(Web())
        return opened[-1]

    yield start
    for web in opened:
        web.close()


@pytest.fixture
def web(open_web: Callable[[], Web]) -> Web:
    return open_web()

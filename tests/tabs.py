"""A tab that is open on the page: its socket, spoken to through Channels without a server."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client
from django.utils.module_loading import import_string

from accounts.models import User
from tests.screen import Frame, Screen
from tests.web import PATIENCE_S, Web

HOST = "testserver"
ORIGIN = f"http://{HOST}"


def cookie_of(user: User | None) -> bytes:
    """The session cookie of a browser in which this person is signed in."""
    client = Client()
    if user:
        client.force_login(user)
    return b"; ".join(f"{name}={morsel.value}".encode() for name, morsel in client.cookies.items())


@cache
def site() -> Any:
    """The site as ASGI; it wants its folder of static files to be there."""
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
    return import_string("chatsite.asgi.application")


class Tab:
    """``frames`` is all that came so far, ``code`` how the socket was closed; None while it is open."""

    def __init__(
        self,
        web: Web,
        user: User | None,
        *,
        origin: str | None = f"http://{HOST}",
        language: str = "",
        cookie: str = "",
    ) -> None:
        headers = [(b"host", HOST.encode()), (b"cookie", cookie_of(user) + b"; " + cookie.encode())]
        headers += [(b"origin", origin.encode())] if origin is not None else []
        headers += [(b"accept-language", language.encode())] if language else []
        self.frames: list[Frame] = []
        self.code: int | None = None
        self._read_so_far = 0
        self._web = web
        self._news = threading.Condition()
        self._socket = WebsocketCommunicator(site(), "/ws/", headers=headers)
        self.is_open = web.run(self._open())

    async def _open(self) -> bool:
        accepted, code = await self._socket.connect(timeout=PATIENCE_S)
        if accepted:
            self._reading = asyncio.create_task(self._read())
        else:
            self.code = code
        return bool(accepted)

    async def _read(self) -> None:
        while self.code is None:
            message = await self._socket.output_queue.get()
            with self._news:
                if message["type"] == "websocket.close":
                    self.code = message.get("code", 1000)
                else:
                    self.frames.append(orjson.loads(message["text"]))
                self._news.notify_all()

    def say(self, **frame: Any) -> None:
        self.say_raw(orjson.dumps(frame, default=str).decode())

    def say_raw(self, frame: str | bytes) -> None:
        """Any frame, text or binary."""

        kind = "text" if isinstance(frame, str) else "bytes"
        self._web.run(self._socket.send_input({"type": "websocket.receive", kind: frame}))

    def send(self, text: str, **more: Any) -> Frame:
        """Send a message; the answer to it."""
        client_id = more.pop("client_id", None) or uuid4()
        self.say(type="send", client_id=client_id, text=text, format="text", **more)
        return self.until(lambda frame: frame.get("client_id") == str(client_id))

    def next(self, kind: str) -> Frame:
        """The next frame of this type after those that this has given before."""
        return self.until(lambda frame: frame["type"] == kind)

    def until(self, condition: Callable[[Frame], Any], seconds: float = PATIENCE_S) -> Frame:
        found: list[Frame] = []

        def look() -> bool:
            for frame in self.frames[self._read_so_far :]:
                self._read_so_far += 1
                if condition(frame):
                    found.append(frame)
                    return True
            return False

        with self._news:
            held = self._news.wait_for(look, seconds)
        assert held, f"closed: {self.code}, last frames: {self.frames[-5:]}"
        return found[0]

    def closed(self) -> int:
        """The close code, once it is closed."""
        with self._news:
            assert self._news.wait_for(lambda: self.code is not None, PATIENCE_S), "the socket stays open"
        assert self.code is not None
        return self.code

    def screen(self, reply: str, screen: Screen | None = None) -> Screen:
        """What the page shows of a reply, once that has ended."""
        page = screen or Screen()
        before = len(page.frames)

        def has_ended() -> bool:
            about_it = [frame for frame in self.frames if frame.get("reply") == reply]
            for frame in about_it[len(page.frames) - before :]:
                page.read(frame)
            return page.end is not None

        with self._news:
            assert self._news.wait_for(has_ended, PATIENCE_S), f"it does not end: {self.frames[-5:]}"
        return page

    def leave(self) -> None:
        """Close the tab."""
        self._web.run(self._leave())

    async def _leave(self) -> None:
        self._reading.cancel()
        await self._socket.disconnect(timeout=PATIENCE_S)


OpenTab = Callable[..., Tab]


@pytest.fixture
def open_tab(web: Web) -> Iterator[OpenTab]:
    """Opens tabs: ``open_tab(alice)``."""
    tabs: list[Tab] = []

    def tab(user: User | None, *, on: Web | None = None, **more: Any) -> Tab:
        assert HOST in settings.ALLOWED_HOSTS
        tabs.append(Tab(on or web, user, **more))
        return tabs[-1]

    yield tab
    for one in tabs:
        if one.is_open and not one._reading.done():
            one.leave()

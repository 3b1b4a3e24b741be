"""A browser's tab without the browser: what static/js/connection.js, socket.js and conversation.js do, step by step.

It comes back after growing pauses, opens its conversation with the cursors it has, sends again what was not confirmed,
and takes a piece only when its cursor is news. What it saw of each reply is kept for the verdict.
"""

import asyncio
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.faults.page import Page
from tests.screen import PARTS, TERMINAL, Frame, Screen

FIRST_PAUSE_S = 0.3
LONGEST_PAUSE_S = 10.0
HELLO_S = 6.0
PING_S = 25.0
PONG_S = 8.0
OPEN_AGAIN_S = 2.0
SEND_AGAIN_S = 1.0  # a person whose message could not be saved presses Enter again
FAR = (OSError, InvalidHandshake, InvalidMessage, ConnectionClosed, TimeoutError, EOFError)
ARTICLE = re.compile(r"<article[^>]*>")
ATTRIBUTE = re.compile(r'data-(message|role|state|client)="([^"]*)"')


@dataclass
class Seen:
    """What one tab saw of one reply. Moments are ``time.monotonic()``."""

    reply: str
    screen: Screen
    arrivals: list[float] = field(default_factory=list)  # of text, which blocks may bring too
    states: list[tuple[float, str]] = field(default_factory=list)
    taken_back: list[tuple[float, str, str]] = field(default_factory=list)  # what was shown, and what instead
    started_at: float | None = None
    ends: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def said(self) -> str:
        """What is read in the tab."""
        return self.screen.words if isinstance(self.screen, Page) else self.screen.text

    def read(self, frame: Frame, at: float) -> None:
        shown = self.said if frame["type"] == "state" else ""
        had = self.screen.cursor[2]
        try:
            self.screen.read(frame)
        except AssertionError as error:
            self.faults.append(str(error))
        self.screen.frames.clear()  # half an hour of them is a gigabyte
        if frame["type"] in {"started", "text", "html"}:
            self.started_at = self.started_at or at
        if frame["type"] == "text" or (frame["type"] == "html" and self.screen.cursor[2] > had):
            self.arrivals.append(at)
        elif frame["type"] == "state":
            self.states.append((at, frame["state"]))
            if not self.said.startswith(shown):
                self.taken_back.append((at, shown, self.said))


class Tab:
    """One tab of one person. ``replies`` has the id of the reply to each message, by the ``client_id`` of that.

    With ``page``, which makes what a reply is read on, it asks for formatted text.
    """

    def __init__(
        self, port: int, cookie: str, chance: random.Random, *, page: Callable[[], Page] | None = None
    ) -> None:
        self.seen: dict[str, Seen] = {}
        self.replies: dict[str, str] = {}
        self.refusals: list[str] = []
        self.connections = 0
        self.conversation: str | None = None
        self.newest: str | None = None
        self._cursors: dict[str, list[int]] = {}
        self._outbox: dict[str, Frame] = {}
        self._port = port
        self._cookie = cookie
        self._chance = chance
        self._screen = page or Screen
        self._format = "html" if page else "text"
        self._socket: ClientConnection | None = None
        self._task = asyncio.create_task(self._live())

    def show(self, conversation: str) -> None:
        """Go to a conversation, as a click in the sidebar does."""
        self.conversation, self.newest = conversation, None
        self._say(self._open_frame())

    def ask(self, text: str, *, anew: bool = True) -> str:
        """Send a message, in a new conversation or in the one that is shown; its ``client_id``."""
        if anew:
            self.conversation = self.newest = None
        client_id = str(uuid4())
        where = {"conversation": self.conversation, "parent": self.newest}
        frame = {"type": "send", "client_id": client_id, **where, "text": text, "format": self._format}
        self._outbox[client_id] = frame
        self._say(frame)
        return client_id

    def stop(self, reply: str) -> None:
        """Press Stop. Without a connection nothing happens, as on the page."""
        self._say({"type": "stop", "reply": reply})

    @property
    def is_writing(self) -> bool:
        return bool(self._cursors)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    # --- The connection -----------------------------------------------------------------------------------------------

    async def _live(self) -> None:
        failures = 0
        while True:
            before = self.connections
            try:
                await self._connection()
            except FAR:
                failures = 0 if self.connections > before else failures
            finally:
                self._socket = None
            failures += 1
            pause = min(FIRST_PAUSE_S * 2 ** min(failures - 1, 10), LONGEST_PAUSE_S)
            await asyncio.sleep(pause * (0.75 + self._chance.random() / 2))

    async def _connection(self) -> None:
        origin: Any = f"http://127.0.0.1:{self._port}"
        async with connect(
            f"ws://127.0.0.1:{self._port}/ws/",
            origin=origin,
            additional_headers={"Cookie": self._cookie},
            open_timeout=HELLO_S,
            close_timeout=0.1,
            ping_interval=None,
            compression=None,
            max_size=None,
            proxy=None,
        ) as socket:
            hello = orjson.loads(await asyncio.wait_for(socket.recv(), HELLO_S))
            assert hello["type"] == "hello", hello
            self.connections += 1
            self._socket = socket
            self._resume()
            while True:
                self._receive(orjson.loads(await self._next(socket)))

    async def _next(self, socket: ClientConnection) -> str | bytes:
        try:
            return await asyncio.wait_for(socket.recv(), PING_S)
        except TimeoutError:
            await socket.send('{"type":"ping"}')
            return await asyncio.wait_for(socket.recv(), PONG_S)

    def _resume(self) -> None:
        self._expect_all()
        if self.conversation:
            self._say(self._open_frame())
        for frame in self._outbox.values():
            self._say(frame)

    def _open_frame(self) -> Frame:
        what = {"conversation": self.conversation, "after": self.newest, "cursors": dict(self._cursors)}
        return {"type": "open", **what, "format": self._format}

    def _expect_all(self) -> None:
        for screen in (self.seen[reply].screen for reply in self._cursors):
            if isinstance(screen, Page):
                screen.expect_all()

    def _say(self, frame: Frame) -> None:
        if self._socket is not None:
            sending = asyncio.ensure_future(self._socket.send(orjson.dumps(frame).decode()))
            sending.add_done_callback(lambda done: done.cancelled() or done.exception())

    # --- What comes ---------------------------------------------------------------------------------------------------

    def _receive(self, frame: Frame) -> None:
        kind = frame["type"]
        if kind == "sent":
            self._sent(frame)
        elif kind == "messages":
            self._messages(frame)
        elif kind == "refused":
            self._outbox.pop(frame["client_id"], None)
            self.refusals.append(frame["code"])
        elif kind == "error":
            self._error(frame)
        elif "reply" in frame:
            self._event(frame)

    def _sent(self, frame: Frame) -> None:
        self._outbox.pop(frame["client_id"], None)
        self.conversation = frame["conversation"]["id"]
        self.newest = frame["reply"]
        self.replies[frame["client_id"]] = frame["reply"]
        self._follow(frame["reply"])

    def _messages(self, frame: Frame) -> None:
        asked = ""
        for article in ARTICLE.findall(frame["html"]):
            about = dict(ATTRIBUTE.findall(article))
            self.newest = about["message"]
            if about["role"] == "user":
                asked = about.get("client", "")
            elif about["state"] in {"queued", "writing"}:
                self._follow(about["message"])
            if about["role"] == "assistant" and self._outbox.pop(asked, None):
                self.replies[asked] = about["message"]
                self._follow(about["message"])

    def _error(self, frame: Frame) -> None:
        if frame["about"] == "send":
            for unsent in self._outbox.values():
                asyncio.get_running_loop().call_later(SEND_AGAIN_S, self._say, unsent)
        elif frame["about"] == "open" and frame["code"] == "unavailable":
            asyncio.get_running_loop().call_later(OPEN_AGAIN_S, lambda: self._say(self._open_frame()))
        else:
            self.refusals.append(frame["code"])

    def _follow(self, reply: str) -> None:
        if reply not in self.seen:
            self.seen[reply] = Seen(reply, self._screen())
            self._cursors[reply] = [0, 0, 0]

    def _event(self, frame: Frame) -> None:
        reply = frame["reply"]
        seen = self.seen.get(reply)
        if seen is None:
            return
        have = self._cursors.get(reply)
        if have is None or ("cursor" in frame and frame["type"] not in TERMINAL and not _is_news(frame, have)):
            return
        if frame["type"] in TERMINAL:
            seen.ends += 1
            del self._cursors[reply]
        elif "cursor" in frame:
            self._cursors[reply] = frame["cursor"]
        seen.read(frame, time.monotonic())


def _is_news(frame: Frame, have: list[int]) -> bool:
    cursor = frame["cursor"]
    if frame["type"] == "state":
        return True
    if cursor[0] != have[0]:
        return bool(cursor[0] > have[0])
    if frame["type"] == "html":
        return bool(cursor[1] >= have[1] and cursor[2] >= have[2])
    return bool(cursor[1 + PARTS.index(frame["type"])] > have[1 + PARTS.index(frame["type"])])

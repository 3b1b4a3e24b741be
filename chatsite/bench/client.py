"""People at their sockets: real websocket connections, signed in, in one process that leaves the processor to the site.

While replies stream, a frame costs one time stamp and one list entry; all reading waits until the round is over.
"""

import asyncio
import gc
import time
import uuid
from collections.abc import Sequence
from typing import cast

import orjson
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from chatsite.bench.replies import Reply, of_frames

GAP_S = 0.01  # between two people's sends
PATIENCE_S = 30.0  # beyond the time that the engine takes
ENDS = (b"done", b"stopped", b"cut", b"blocked", b"failed", b"refused", b"error")
_HEAD = b'{"type":"'


class Socket(asyncio.Protocol):
    """One person's socket."""

    def __init__(self, port: int, cookie: str) -> None:
        self._protocol = ClientProtocol(parse_uri(f"ws://127.0.0.1:{port}/ws/"), max_size=None)
        self._request = self._protocol.connect()
        self._request.headers["Cookie"] = cookie
        self._request.headers["Origin"] = f"http://127.0.0.1:{port}"
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self.question = ""
        self.sent_at = 0.0
        self.frames: list[tuple[float, bytes]] = []

    @classmethod
    async def open(cls, port: int, cookie: str) -> "Socket":
        """A socket that heard ``hello``."""
        loop = asyncio.get_running_loop()
        _, socket = await loop.create_connection(lambda: cls(port, cookie), "127.0.0.1", port)
        await asyncio.wait_for(socket.opened, PATIENCE_S)
        return socket

    def ask(self, question: str, *, html: bool, parameters: dict[str, float] | None = None) -> None:
        """Ask, in a conversation of its own."""
        self.question = question
        frame = {
            "type": "send",
            "client_id": str(uuid.uuid4()),
            "conversation": None,
            "parent": None,
            "text": question,
            "parameters": parameters,
            "format": "html" if html else "text",
        }
        data = orjson.dumps(frame)
        self.frames = []
        self.ended = asyncio.get_running_loop().create_future()
        self.sent_at = time.monotonic()
        self._protocol.send_text(data)
        self._flush()

    def heard(self, tokens: int) -> Reply:
        """The reply to the last question, of which so many tokens should come, as far as it came."""
        return of_frames(self.question, tokens, self.sent_at, self.frames)

    @property
    def is_closed(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        if self._protocol.state is OPEN:  # the other side may have been first
            self._protocol.send_close(1000)
            self._flush()
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._protocol.send_request(self._request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        protocol = self._protocol
        protocol.receive_data(data)
        for event in protocol.events_received():
            if isinstance(event, Response):
                continue
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._take(now, bytes(event.data))
        if protocol.handshake_exc and not self.opened.done():
            self.opened.set_exception(protocol.handshake_exc)
        if protocol.writes:
            self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        for waiter in (self.opened, self.ended):
            if not waiter.done():
                waiter.set_exception(ConnectionError("the socket was closed"))
                waiter.exception()  # it may be that nobody waits: what is missing shows in the reply

    def _take(self, now: float, data: bytes) -> None:
        self.frames.append((now, data))
        kind = data[len(_HEAD) : data.find(b'"', len(_HEAD))]
        if kind == b"hello":
            self.opened.set_result(None)
        elif kind in ENDS and not self.ended.done():
            self.ended.set_result(None)

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            self._transport.write(data)


async def open_all(port: int, cookies: Sequence[str]) -> list[Socket]:
    """A socket a cookie, opened one after the other."""
    return [await Socket.open(port, cookie) for cookie in cookies]


async def ask_all(sockets: Sequence[Socket], tokens: int, seconds: float, *, html: bool) -> None:
    """All ask, ``GAP_S`` apart, for a reply of so many tokens, which takes the engine so many seconds."""
    gc.disable()
    began = time.monotonic()
    try:
        for number, socket in enumerate(sockets):
            await asyncio.sleep(began + number * GAP_S - time.monotonic())
            socket.ask(f"@tokens={tokens} {uuid.uuid4()}", html=html)
        await asyncio.wait([socket.ended for socket in sockets], timeout=seconds + PATIENCE_S)
    finally:
        gc.enable()

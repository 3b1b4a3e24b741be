"""Sockets of tabs that nobody looks at: thousands in one process, each a handshake and a sign of life now and then.

They speak docs/websocket.md in as few steps as it takes; ``client.Socket`` is for those who read replies.
"""

import asyncio
from collections.abc import Sequence
from typing import cast

PING_S = 25.0  # from a page's ping to its next (static/js/socket.js)
TURN_S = 0.05  # between those whose turn it is: a second's pings at once would be nobody's behaviour
PATIENCE_S = 60.0
_MASK = b"\0\0\0\0"  # a client has to mask, and may do so with zeros
_PING = b'{"type":"ping"}'
_TEXT, _CLOSE, _PINGED, _PONG = 1, 8, 9, 10


class QuietSocket(asyncio.Protocol):
    """One tab's socket. ``opened`` is done when the site has said hello."""

    __slots__ = ("_data", "_is_upgraded", "_request", "_transport", "opened", "pongs")

    def __init__(self, port: int, cookie: str) -> None:
        self._request = (
            f"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\nCookie: {cookie}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        self._data = b""
        self._is_upgraded = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.pongs = 0

    @classmethod
    async def open(cls, port: int, cookie: str) -> "QuietSocket":
        """Raises OSError, of which ConnectionError and TimeoutError are kinds."""
        loop = asyncio.get_running_loop()
        _, socket = await loop.create_connection(lambda: cls(port, cookie), "127.0.0.1", port)
        try:
            await asyncio.wait_for(socket.opened, PATIENCE_S)
        except BaseException:
            socket.close()
            raise
        return socket

    @property
    def is_closed(self) -> bool:
        return self._transport.is_closing()

    def ping(self) -> None:
        """As a page asks for a sign of life."""
        if not self.is_closed:
            self._say(_TEXT, _PING)

    def close(self) -> None:
        if not self.is_closed:
            self._say(_CLOSE, b"\x03\xe8")
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request.encode())
        self._request = ""

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._is_upgraded:
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                self._fail(head.partition(b"\r\n")[0].decode(errors="replace"))
                return
            self._is_upgraded, self._data = True, rest
        while self._read_frame():
            pass

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail("the socket was closed")

    def _read_frame(self) -> bool:
        """Take one whole frame, if one is there. The site does not mask, and splits none."""
        data = self._data
        if len(data) < 2:
            return False
        start, length = 2, data[1]
        if length >= 126:
            start = 4 if length == 126 else 10
            length = int.from_bytes(data[2:start])
        if len(data) < start + length:
            return False
        self._take(data[0] & 15, data[start : start + length])
        self._data = data[start + length :]
        return True

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == _PINGED:
            self._say(_PONG, payload)
        elif opcode == _CLOSE:
            self.close()
        elif opcode == _TEXT and payload.startswith(b'{"type":"pong"'):
            self.pongs += 1
        elif opcode == _TEXT and not self.opened.done():
            if payload.startswith(b'{"type":"hello"'):
                self.opened.set_result(None)
            else:
                self._fail(payload[:200].decode(errors="replace"))

    def _say(self, opcode: int, payload: bytes) -> None:
        """A frame of fewer than 126 bytes."""
        self._transport.write(bytes((128 | opcode, 128 | len(payload))) + _MASK + payload)

    def _fail(self, why: str) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(why))
            self.opened.exception()  # it may be that nobody waits any more


async def open_quietly(port: int, cookies: Sequence[str], count: int, at_once: int) -> list[QuietSocket]:
    """So many, spread over the people whose cookies these are. Raises OSError with what one was told."""
    gate = asyncio.Semaphore(at_once)

    async def one(number: int) -> QuietSocket:
        async with gate:
            return await QuietSocket.open(port, cookies[number % len(cookies)])

    return await asyncio.gather(*(one(number) for number in range(count)))


async def ping_in_turn(sockets: Sequence[QuietSocket]) -> None:
    """Each pings once in ``PING_S``, evenly spread, until this is cancelled."""
    turns = round(PING_S / TURN_S)
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        for turn in range(turns):
            for socket in sockets[turn::turns]:
                socket.ping()
            await asyncio.sleep(began + (turn + 1) * TURN_S - loop.time())

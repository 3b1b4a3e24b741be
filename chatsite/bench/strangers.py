"""Strangers who take their time: some never end a request, others never read the answer."""

import asyncio
import socket
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle

from chatsite.bench import usage

DRIP_S = 1.0  # between two pieces of what never ends
LOOK_S = 1.0
SMALL_WINDOW = 4096  # bytes that one who does not read lets come

HEADERS, BODY, UNREAD = "headers", "body", "unread"
BEGUN = {
    HEADERS: b"GET / HTTP/1.1\r\nHost: localhost\r\n",
    BODY: b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nlogin=",
    UNREAD: b"GET /accounts/login/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
}
DRIPS = {HEADERS: b"X-Slow: a\r\n", BODY: b"a", UNREAD: b""}


@dataclass(slots=True)
class Stranger:
    """A connection that wants to be held for as long as it can."""

    kind: str
    connection: socket.socket

    @property
    def port(self) -> int:
        return int(self.connection.getsockname()[1])

    def drip(self) -> None:
        if DRIPS[self.kind]:
            with suppress(OSError):  # it was let go
                self.connection.send(DRIPS[self.kind], socket.MSG_NOSIGNAL)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Strangers of all kinds in turn, at a port. ``drip`` has to run beside everything else."""

    port: int
    strangers: list[Stranger]

    async def drip(self) -> None:
        while True:
            for one in self.strangers:
                one.drip()
            await asyncio.sleep(DRIP_S)

    def let_go(self) -> Counter[str]:
        """How many of each kind the site holds no more. It is looked up on its side: not all of them are told."""
        held = usage.peers(self.port)
        return Counter(one.kind for one in self.strangers if one.port not in held)

    async def wait(self, seconds: float) -> None:
        """Until all are let go, or time is up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                while self.let_go().total() < len(self.strangers):  # noqa: ASYNC110 - nothing reads, so nothing wakes
                    await asyncio.sleep(LOOK_S)

    def close(self) -> None:
        for one in self.strangers:
            one.connection.close()


async def arrive(port: int, count: int) -> Crowd:
    """So many strangers, all with their first bytes said."""
    kinds = cycle(BEGUN)
    return Crowd(port, [await _one(port, next(kinds)) for _ in range(count)])


async def _one(port: int, kind: str) -> Stranger:
    loop = asyncio.get_running_loop()
    connection = socket.socket()
    connection.setblocking(False)
    if kind == UNREAD:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_WINDOW)
    await loop.sock_connect(connection, ("127.0.0.1", port))
    await loop.sock_sendall(connection, BEGUN[kind])
    return Stranger(kind, connection)

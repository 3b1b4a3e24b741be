"""uvicorn's HTTP protocol for the open network: who sends a request letter by letter, or reads no answer, is let go."""

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_S = 15.0  # from the first byte of a request, or from a new connection, to the end of its headers
UNREAD_S = 60.0  # in which nothing of what was sent is taken; a socket, which begins as a request, has the same
LARGEST_HEADERS = 65_536  # bytes; as much again may stand after a body, or between two pieces of it


class Patient(HttpToolsProtocol):
    """Closes a connection whose headers have no end in time, or are too many, or whose other side takes nothing more.

    uvicorn would wait for ever in each case. Only the system knows the last: what a slow line takes little by little is
    one full buffer to this process all the while.
    """

    _deadline: asyncio.TimerHandle | None = None
    _unread = 0  # bytes since the last end of headers, or piece of a body: uvicorn keeps trailers, however many

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; elsewhere such a connection stays until its keepalive fails
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(UNREAD_S * 1000))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        is_between = self.cycle is None or self.cycle.response_complete
        if is_between and self._deadline is None:
            self._wait()
        self._unread += len(data)
        super().data_received(data)
        if self._unread > LARGEST_HEADERS:
            self._give_up()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        self._unread = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def _wait(self) -> None:
        self._unread = 0
        self._deadline = self.loop.call_later(HEADERS_S, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._stop_waiting()
        if not self.transport.is_closing():
            self.transport.close()

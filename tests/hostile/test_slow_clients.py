"""Clients that send letter by letter: uvicorn's protocol as the site runs it, over a real connection."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from chatsite import patience
from chatsite.bench import usage
from chatsite.patience import Patient

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
WHOLE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def hello(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


@asynccontextmanager
async def listening(application: Any = hello) -> AsyncIterator[Callable[[], Awaitable[Connection]]]:
    config = Config(application, http=Patient, ws="websockets-sansio", lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Patient(config, state, {}), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    writers: list[asyncio.StreamWriter] = []

    async def connect() -> Connection:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writers.append(writer)
        return reader, writer

    try:
        yield connect
    finally:
        for writer in writers:
            writer.close()
        server.close()
        async with asyncio.timeout(10):
            while state.connections:  # noqa: ASYNC110 - there is no event for it
                await asyncio.sleep(0)
            await asyncio.sleep(0)  # what the server closed is gone a round of the loop after it says so


async def rest(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the other side closes."""
    async with asyncio.timeout(10):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


async def answer(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(10):
        return await reader.readuntil(b"hello")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEADERS_S", 0.05)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: local", b"GET / HTTP/1.1\r\nX: 1\r\n"])
async def test_who_never_ends_a_request_is_let_go(begun: bytes) -> None:
    async with listening() as connect:
        reader, writer = await connect()
        writer.write(begun)
        assert await rest(reader) == b""


async def test_a_first_good_request_buys_no_slow_second_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening() as connect:
        reader, writer = await connect()
        writer.write(WHOLE)
        assert (await answer(reader)).startswith(b"HTTP/1.1 200")
        monkeypatch.setattr(patience, "HEADERS_S", 0.05)
        writer.write(b"GET / HT")
        assert await rest(reader) == b""


WINDOW = 4096  # bytes that the one who does not read lets come
LARGE = 8 << 20  # more than the system takes from the server at once


async def much(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x" * LARGE})


async def ask_much(connect: Callable[[], Awaitable[Connection]]) -> socket.socket:
    """A connection on which an answer waits that nobody takes."""
    _, writer = await connect()
    cast("asyncio.Transport", writer.transport).pause_reading()
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
    writer.write(WHOLE)
    return connection


def is_held(connection: socket.socket) -> bool:
    """By the server: the system does not tell the other side."""
    return connection.getsockname()[1] in usage.peers(connection.getpeername()[1])


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux only")
async def test_who_never_reads_the_answer_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "UNREAD_S", 0.2)
    async with listening(much) as connect, asyncio.timeout(30):
        connection = await ask_much(connect)
        while is_held(connection):  # noqa: ASYNC110 - nobody tells this side
            await asyncio.sleep(0.05)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux only")
async def test_who_reads_it_slowly_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A premise of the one before: what counts is that nothing is taken, not how long all of it takes."""
    monkeypatch.setattr(patience, "UNREAD_S", 0.2)
    async with listening(much) as connect, asyncio.timeout(30):
        connection = await ask_much(connect)
        while not await slowly_read(connection):
            connection = await ask_much(connect)
        assert is_held(connection)


async def slowly_read(connection: socket.socket) -> bool:
    """A second long, a little now and then; False where the machine stood meanwhile, and nothing was read in time."""
    for _ in range(20):
        began = time.monotonic()
        await asyncio.sleep(0.05)
        with suppress(BlockingIOError, ConnectionResetError):
            os.read(connection.fileno(), 1 << 18)
        if time.monotonic() - began > patience.UNREAD_S / 2:
            return False
    return True


async def test_headers_without_end_are_not_kept() -> None:
    async with listening() as connect:
        reader, writer = await connect()
        writer.write(b"GET / HTTP/1.1\r\n" + b"X-Much: " + b"x" * (patience.LARGEST_HEADERS + 1))
        assert b" 200 " not in await rest(reader)


MUCH = 1 << 20  # several times what is read at once: with the end of headers, or of a body, so much more may come
CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("begun", "endless"),
    [
        (CHUNKED + b"0\r\n", b"X-Trailer: %s\r\n" % (b"x" * 100)),
        (CHUNKED + b"1\r\nx\r\n0\r\nX-One: ", b"x" * 100),
        (CHUNKED + b"1", b";extension=%s" % (b"x" * 100)),
    ],
    ids=["trailers", "one trailer", "extensions"],
)
async def test_nor_is_what_a_body_has_besides(begun: bytes, endless: bytes) -> None:
    async with listening() as connect:
        reader, writer = await connect()
        writer.write(begun + endless * (MUCH // 100))
        assert b" 200 " not in await rest(reader)


async def test_nor_are_those_of_a_next_request_while_the_first_is_answered() -> None:
    async def never_ends(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        while (await receive())["type"] != "http.disconnect":
            pass

    async with listening(never_ends) as connect:
        reader, writer = await connect()
        writer.write(WHOLE + b"GET / HTTP/1.1\r\n" + b"X-Much: " + b"x" * MUCH)
        assert await rest(reader) == b""


async def test_many_requests_of_one_connection_are_answered() -> None:
    """A premise of the rest: what is counted begins anew with each request, and bodies do not count."""
    async with listening() as connect:
        reader, writer = await connect()
        for _ in range(5):
            body = b"x" * patience.LARGEST_HEADERS
            writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            assert (await answer(reader)).startswith(b"HTTP/1.1 200")
        writer.write(WHOLE[:20])
        writer.write(WHOLE[20:])
        assert (await answer(reader)).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "smuggled",
    [
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4, 4\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    ],
)
async def test_a_request_with_two_ends_is_refused(smuggled: bytes) -> None:
    """Where a proxy and the site disagree on where one ends, the rest would be another person's request."""
    async with listening() as connect:
        reader, writer = await connect()
        writer.write(smuggled)
        said = await rest(reader)
        assert said.startswith(b"HTTP/1.1 400")
        assert b"hello" not in said

"""The parts of ``manage.py bench_idle``: what it counts is what the site did, not what it did itself."""

import asyncio
import gc
import resource
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from chatsite.bench import sockets
from chatsite.bench.progress import Progress
from chatsite.bench.site import BenchError


@asynccontextmanager
async def server(closes: Callable[[int], bool]) -> AsyncIterator[int]:
    """The port of one that closes connections, or not, by their number."""
    held: list[asyncio.StreamWriter] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"X-Slow")
        held.append(writer)
        if closes(len(held)):
            writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as listening:
        yield listening.sockets[0].getsockname()[1]
        for writer in held:
            writer.close()


@pytest.mark.parametrize(("closes", "expected"), [(lambda number: number > 1, 2), (lambda _: False, 0)])
async def test_strangers_that_the_site_keeps_are_not_counted(
    monkeypatch: pytest.MonkeyPatch, closes: Callable[[int], bool], expected: int
) -> None:
    monkeypatch.setattr(sockets, "LET_GO_S", 0.2)
    async with server(closes) as port:
        strangers = [await sockets._stranger(port) for _ in range(3)]
        gc.collect()
        assert await sockets._let_go(strangers) == expected


async def test_a_socket_that_is_refused_ends_it_in_one_line() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as listening:
        with pytest.raises(BenchError, match="a socket was not opened"):
            await sockets._open(listening.sockets[0].getsockname()[1], ["sessionid=x"], 3)


def test_a_machine_without_a_limit_has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    for hard, most in ((resource.RLIM_INFINITY, 10**6), (4096, 4096 - sockets.SPARE)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, hard=hard: (hard, hard))
        assert min(10**6, sockets.most_sockets()) == most
    with pytest.raises(BenchError, match="ulimit"):
        sockets.run(0, 0, Progress())

"""The parts of ``manage.py bench_idle``: what it counts is what the site did, not what it did itself."""

import asyncio
import json
import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import orjson
import pytest
from django.conf import settings
from websockets.asyncio.server import ServerConnection, serve

from chatsite.bench import client, quiet, sockets, strangers, usage, visits
from chatsite.bench.progress import Progress
from chatsite.bench.quiet import QuietSocket
from chatsite.bench.site import BenchError
from chatsite.bench.visits import Visit


@asynccontextmanager
async def keeper(closes: Callable[[bytes], bool]) -> AsyncIterator[int]:
    """The port of one who keeps connections, or not, by how they begin."""
    held: list[asyncio.StreamWriter] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        if closes(await reader.readline()):
            writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as listening:
        yield listening.sockets[0].getsockname()[1]
        for writer in held:
            writer.close()


@pytest.mark.parametrize(
    ("closes", "expected"),
    [
        (lambda line: line.startswith(b"POST"), {"body": 2}),
        (lambda _: False, {}),
        (lambda line: b" / " in line, {"headers": 2}),
    ],
)
async def test_strangers_that_the_site_keeps_are_not_counted(
    closes: Callable[[bytes], bool], expected: dict[str, int]
) -> None:
    async with keeper(closes) as port:
        crowd = await strangers.arrive(port, 6)
        dripping = asyncio.create_task(crowd.drip())
        async with asyncio.timeout(10):
            while crowd.let_go() != expected:  # noqa: ASYNC110 - nobody tells this side
                await asyncio.sleep(0.01)
        await crowd.wait(0)
        dripping.cancel()
        assert crowd.let_go() == expected
        crowd.close()


async def test_all_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "LOOK_S", 0.01)
    async with keeper(lambda _: True) as port:
        crowd = await strangers.arrive(port, 3)
        await crowd.wait(10)
        assert crowd.let_go().total() == 3
        crowd.close()


LONG = "x" * 70_000  # each of a frame's three ways to say its length
HEARD = (
    {"type": "hello"},
    {"type": "pong"},
    {"type": "changed", "title": LONG[:200]},
    {"type": "changed", "title": LONG},
)


@asynccontextmanager
async def site(first: bytes, heard: list[str]) -> AsyncIterator[int]:
    """The port of one that says something to who comes, asks whether they live, and hears what they say."""

    async def talk(connection: ServerConnection) -> None:
        await connection.send(first.decode())
        for frame in HEARD[1:]:
            await connection.send(orjson.dumps(frame).decode())
        await (await connection.ping())
        heard.append("alive")
        async for said in connection:
            heard.append(str(said))  # noqa: PERF401 - it is looked for while the connection lasts
        heard.append(str(connection.close_code))

    async with serve(talk, "127.0.0.1", 0) as listening:
        yield next(iter(listening.sockets)).getsockname()[1]


async def test_a_quiet_socket_lives_and_says_so() -> None:
    heard: list[str] = []
    async with site(orjson.dumps(HEARD[0]), heard) as port, asyncio.timeout(10):
        (socket,) = await quiet.open_quietly(port, ["sessionid=x"], 1, 1)
        pinging = asyncio.create_task(quiet.ping_in_turn([socket]))
        while not heard[1:]:  # noqa: ASYNC110 - the other side is no part of this one
            await asyncio.sleep(0.01)
        pinging.cancel()
        socket.close()
        while len(heard) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert heard == ["alive", '{"type":"ping"}', "1000"]
    assert socket.pongs == 1
    assert socket.is_closed
    socket.ping()  # says nothing to nobody


def test_it_asks_as_often_as_a_page() -> None:
    page = (settings.BASE_DIR / "static" / "js" / "socket.js").read_text()
    assert f"PING_MS = {quiet.PING_S * 1000:.0f};" in page


async def test_who_is_not_greeted_is_told_why() -> None:
    refusal = b'{"type":"error","code":"too_many_sockets"}'
    async with site(refusal, []) as port:
        with pytest.raises(ConnectionError, match="too_many_sockets"):
            await QuietSocket.open(port, "sessionid=x")


@pytest.mark.parametrize("kind", [QuietSocket, client.Socket])
async def test_a_handshake_that_is_refused_says_so(kind: type[QuietSocket] | type[client.Socket]) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as listening:
        with pytest.raises(Exception, match="403"):
            await kind.open(listening.sockets[0].getsockname()[1], "sessionid=x")


def test_a_machine_without_a_limit_has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    for hard, most in ((resource.RLIM_INFINITY, 10**6), (4096, 4096 - sockets.SPARE)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, hard=hard: (hard, hard))
        assert min(10**6, sockets.most_sockets()) == most
    with pytest.raises(BenchError, match="ulimit"):
        sockets.run(replace(sockets.SHORT, sockets=0), Progress())


def test_a_socket_costs_the_difference() -> None:
    alone, idle = ({"web_pss_mb": web, "redis_used_mb": redis} for web, redis in ((100.0, 2.0), (110.0, 3.0)))
    assert sockets._a_socket(alone, idle, 1024) == {"web_kib_per_socket": 10.0, "redis_kib_per_socket": 1.0}


def test_a_visit_is_told_by_its_middle_and_its_worst() -> None:
    row = visits.times([Visit(sign_in, 0.02, 0.003, 0.1) for sign_in in (0.3, 0.9, 0.2)])
    assert (row["sign_in_ms_p50"], row["sign_in_ms_worst"]) == pytest.approx((300, 900))
    assert {key.removesuffix("_p50").removesuffix("_worst") for key in row} == {f"{step}_ms" for step in visits.STEPS}


def test_memory_that_is_shared_is_counted_in_parts() -> None:
    assert 0 < usage.pss_mb(os.getpid()) <= usage.usage(os.getpid()).rss_mb


@pytest.mark.long
def test_a_small_run() -> None:
    command = [sys.executable, "manage.py", "bench_idle", "--short"]
    run = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    alone, idle, slow, gone = json.loads(run.stdout.splitlines()[-1])["rows"]
    assert [row["sockets"] for row in (alone, idle, slow, gone)] == [0, 200, 200, 0]
    assert idle["web_kib_per_socket"] > 0
    assert idle["lost_tokens"] == alone["lost_tokens"] == idle["failed_sends"] == 0
    assert sum(slow[f"let_go_{kind}"] for kind in strangers.BEGUN) == slow["strangers"] == 21

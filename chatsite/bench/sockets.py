"""The plan of ``manage.py bench_idle``: thousands of sockets that say nothing, slow strangers, one person meanwhile.

Memory is that of the web process; what the others notice is how long their page and their reply take.
"""

import asyncio
import http.client
import resource
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from websockets.exceptions import InvalidHandshake

from chatsite.bench import report, site, usage
from chatsite.bench.client import Socket
from chatsite.bench.figures import Row
from chatsite.bench.progress import Progress

Stranger = tuple[asyncio.StreamReader, asyncio.StreamWriter]

TOKENS, RATE, TTFT_S = 16, 50, 0.05
SPARE = 500  # file descriptors for everything else
A_PERSON = 50  # sockets of one person; the site allows twice as many
AT_ONCE = 50  # that are being opened
REPLY_S = 120.0  # for a reply, of a site that has much to do
LET_GO_S = 60.0  # for strangers to be let go
WATCHED_S = 10.0  # over which the idle processor time is measured
PAGES = 9


def most_sockets() -> int:
    """As many as this machine's limits allow a process."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard - SPARE


def run(sockets: int, slow: int, progress: Progress) -> list[Row]:
    """A row before, one with the sockets open, one with slow strangers besides, one when all are gone.

    Raises BenchError.
    """
    if sockets < 1:
        raise site.BenchError("this machine's limits (ulimit -n) allow a process too few open files")
    progress.begin(4)
    with site.temporary_folder() as folder:
        site.catalog(folder, ttft_s=TTFT_S, rate=RATE, tokens=TOKENS)
        with site.running(folder) as running:
            cookies: list[str] = running.python("chatsite.bench.people", "make", str(sockets // A_PERSON + 2))
            return asyncio.run(_rows(running, cookies, sockets, slow, progress))


async def _rows(running: site.Site, cookies: list[str], sockets: int, slow: int, progress: Progress) -> list[Row]:
    person, *others = cookies
    rows = []

    async def look(what: str, opened: int) -> None:
        rows.append({"what": what, "sockets": opened, **await _look(running, person)})
        progress.advance(1)
        progress.tell(what)

    await look("before", 0)
    began = time.monotonic()
    open_sockets = await _open(running.port, others, sockets)
    took = time.monotonic() - began
    await look("idle sockets", len(open_sockets))
    rows[-1] |= {"opened_per_s": round(len(open_sockets) / took), "kib_per_socket": _kib(rows[0], rows[-1])}
    strangers = [await _stranger(running.port) for _ in range(slow)]
    await look("and slow strangers", len(open_sockets))
    rows[-1]["slow_strangers"] = slow
    rows[-1]["let_go"] = await _let_go(strangers)
    rows[-1]["still_open"] = sum(not socket.is_closed for socket in open_sockets)
    for socket in open_sockets:
        socket.close()
    await look("all gone", 0)
    return rows


async def _open(port: int, cookies: Sequence[str], count: int) -> list[Socket]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> Socket:
        async with gate:
            return await Socket.open(port, cookies[number % len(cookies)])

    try:
        return await asyncio.gather(*(one(number) for number in range(count)))
    except (OSError, TimeoutError, InvalidHandshake) as error:
        raise site.BenchError(f"a socket was not opened: {error!r}") from error


async def _stranger(port: int) -> Stranger:
    """A connection that begins a request and never ends it. It is closed when nobody holds its writer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: a")
    return reader, writer


async def _let_go(strangers: Sequence[Stranger]) -> int:
    """How many of them the site closes in time."""

    async def closed(reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            await reader.read()

    waits = [asyncio.create_task(closed(reader)) for reader, _ in strangers]
    done, pending = await asyncio.wait(waits, timeout=LET_GO_S) if waits else (set(), set())
    for task in pending:
        task.cancel()
    for _, writer in strangers:
        writer.close()
    return len(done)


async def _look(running: site.Site, cookie: str) -> Row:
    pages = sorted([await asyncio.to_thread(_page, running.port, cookie) for _ in range(PAGES)])
    took = await _reply(running.port, cookie)
    before = running.read()
    await asyncio.sleep(WATCHED_S)
    after = running.read()
    cpu_s = after.processes["web"].cpu_s - before.processes["web"].cpu_s
    return {
        "page_ms_p50": round(pages[PAGES // 2] * 1000, 1),
        "page_ms_worst": round(pages[-1] * 1000, 1),
        "reply_ms": round(took * 1000, 1),
        "web_cpu_ms_per_s": round(cpu_s / (after.at - before.at) * 1000, 1),
        "web_rss_mb": round(after.processes["web"].rss_mb, 1),
        "machine_free_mb": round(usage.available_mb()),
    }


async def _reply(port: int, cookie: str) -> float:
    """Seconds from a person's question to the whole reply."""
    (socket,) = await _open(port, [cookie], 1)
    socket.ask(f"@tokens={TOKENS}", html=False)
    await asyncio.wait([socket.ended], timeout=REPLY_S)
    reply = socket.heard(TOKENS)
    took = socket.frames[-1][0] - socket.sent_at if socket.frames else 0.0
    socket.close()
    if fault := reply.unsent or reply.fault:
        raise site.BenchError(f"a reply did not come whole: {fault}")
    return took


def _page(port: int, cookie: str) -> float:
    """Seconds that a page takes a person."""
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request("GET", "/", headers={"Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise site.BenchError(f"a page answers {answer.status}")
    finally:
        connection.close()
    return time.monotonic() - began


def _kib(before: Row, after: Row) -> float:
    grown: float = after["web_rss_mb"] - before["web_rss_mb"]
    return round(grown * 1024 / max(1, int(after["sockets"])), 1)


def show(write: report.Write, rows: Sequence[Row]) -> None:
    """The table, and the JSON line."""
    headings = ["", "sockets", "page ms p50", "worst", "reply ms", "web CPU ms a second", "web MB"]
    keys = ("what", "sockets", "page_ms_p50", "page_ms_worst", "reply_ms", "web_cpu_ms_per_s", "web_rss_mb")
    lines = [[str(row[key]) for key in keys] for row in rows]
    report.table(write, "Sockets that say nothing, and what others notice.", headings, lines)
    more: dict[str, Any] = {key: value for row in rows for key, value in row.items() if key not in keys}
    write(", ".join(f"{key} {value}" for key, value in more.items()))
    report.last_line(write, {"bench": "sockets", "rows": list(rows)})

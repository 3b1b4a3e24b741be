"""The plan of ``manage.py bench_idle``: thousands of sockets that say nothing, replies beside them, slow strangers.

A stage is looked at as the one before, so what idle sockets and strangers cost others is the difference of two rows.
"""

import asyncio
import gc
import resource
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import uvloop
from websockets.exceptions import InvalidHandshake

from chatsite.bench import client, figures, quiet, report, site, strangers, usage, visits
from chatsite.bench.figures import Row
from chatsite.bench.progress import Progress
from chatsite.bench.quiet import QuietSocket
from chatsite.bench.usage import Reading

TTFT_S = 0.05
SPARE = 700  # file descriptors for everything else
A_PERSON = 2  # tabs or devices; each has a session
AT_ONCE = 50  # that are being opened
SETTLE_S = 3.0
LET_GO_S = 75.0  # from their coming, for strangers to be let go
WARM_TOKENS = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """How many sockets, replies at once and strangers; how long a reply is; how often a person visits; how long idle
    processor time is watched, and from when.
    """

    sockets: int = 10_000
    replies: int = 200
    slow: int = 500
    tokens: int = 120
    rate: int = 20
    visits: int = 5
    watched_s: float = 20.0
    round_s: float = quiet.PING_S

    @property
    def reply_s(self) -> float:
        return self.replies * client.GAP_S + TTFT_S + self.tokens / self.rate


SHORT = Plan(sockets=200, replies=10, slow=21, tokens=20, visits=1, watched_s=2.0, round_s=0.0)


def most_sockets() -> int:
    """As many as this machine's limits allow a process."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard - SPARE


def run(plan: Plan, progress: Progress) -> list[Row]:
    """A row for each stage. Raises BenchError."""
    if plan.sockets < 1:
        raise site.BenchError("this machine's limits (ulimit -n) allow a process too few open files")
    progress.begin(4)
    people = max(plan.replies, -(-plan.sockets // A_PERSON))
    with site.temporary_folder() as folder:
        site.catalog(folder, ttft_s=TTFT_S, rate=plan.rate, tokens=plan.tokens)
        with site.running(folder) as running:
            cookies: list[str] = running.python("chatsite.bench.people", "make", str(people))
            try:
                return uvloop.run(_Stages(plan, running, cookies, progress).rows())
            except (OSError, InvalidHandshake) as error:
                raise site.BenchError(f"a socket was not opened: {error!r}") from error


class _Stages:
    """One after the other; each leaves a row."""

    def __init__(self, plan: Plan, running: site.Site, cookies: Sequence[str], progress: Progress) -> None:
        self._plan = plan
        self._running = running
        self._cookies = cookies
        self._progress = progress
        self._rows: list[Row] = []

    async def rows(self) -> list[Row]:
        await self._stream(WARM_TOKENS)
        await self._visits(1)
        self._add("alone", 0, await self._watch() | await self._stream(self._plan.tokens) | await self._visits())
        sockets, per_s = await self._open()
        async with _beside(quiet.ping_in_turn(sockets)):
            await asyncio.sleep(self._plan.round_s)  # the first look at each session is a longer one
            row = await self._watch() | await self._stream(self._plan.tokens) | await self._visits()
            self._add("idle sockets", len(sockets), row | _a_socket(self._rows[0], row, len(sockets)) | per_s)
            row = await self._strangers()
            self._add("and slow strangers", sum(not socket.is_closed for socket in sockets), row)
        for socket in sockets:
            socket.close()
        self._add("all gone", 0, await self._watch() | await self._visits())
        return self._rows

    async def _strangers(self) -> Row:
        """What a visitor notices of them; how many were there all the while; how many are let go in time."""
        self._progress.tell("slow strangers")
        crowd = await strangers.arrive(self._running.port, self._plan.slow)
        came = time.monotonic()
        async with _beside(crowd.drip()):
            row = await self._visits()
            row["strangers_after_visits"] = self._plan.slow - crowd.let_go().total()
            await crowd.wait(came + LET_GO_S - time.monotonic())
        gone = crowd.let_go()
        row |= {f"let_go_{kind}": gone[kind] for kind in strangers.BEGUN}
        crowd.close()
        return row | {"strangers": self._plan.slow, "strangers_s": time.monotonic() - came}

    async def _open(self) -> tuple[list[QuietSocket], Row]:
        self._progress.tell("opening sockets")
        began, before = time.monotonic(), self._running.read()
        opened = await quiet.open_quietly(self._running.port, self._cookies, self._plan.sockets, AT_ONCE)
        per_s = len(opened) / (time.monotonic() - began)
        used = self._running.read().processes["web"].cpu_s - before.processes["web"].cpu_s
        gc.collect()
        gc.freeze()  # walking through all of them again and again would be a pause of this side
        return opened, {"opened_per_s": per_s, "web_cpu_ms_per_open": used / len(opened) * 1000}

    async def _watch(self) -> Row:
        """Memory, and processor time while nobody asks anything."""
        self._progress.tell("watching")
        await asyncio.sleep(SETTLE_S)
        web = self._running.processes["web"]
        before = self._running.read()
        await asyncio.sleep(self._plan.watched_s)
        after = self._running.read()
        row = {
            "web_pss_mb": usage.pss_mb(*web),
            "web_rss_mb": after.processes["web"].rss_mb,
            "redis_used_mb": self._running.redis_mb(),
        }
        for name, cpu_s in _used(before, after).items():
            row[f"{name}_idle_cpu_ms_per_s"] = cpu_s / (after.at - before.at) * 1000
        return row

    async def _stream(self, tokens: int) -> Row:
        """People who all ask at once: how late tokens come, with HTML as a page has it."""
        self._progress.tell(f"{self._plan.replies} replies")
        asking = await client.open_all(self._running.port, self._cookies[: self._plan.replies])
        before = self._running.read()
        await client.ask_all(asking, tokens, self._plan.reply_s, html=True)
        after = self._running.read()
        said = [socket.heard(tokens) for socket in asking]
        for socket in asking:
            socket.close()
        cpu_s, seconds = _used(before, after), after.at - before.at
        others = max(0.0, after.machine_cpu_s - before.machine_cpu_s - sum(cpu_s.values())) / seconds
        row = {f"{name}_streaming_cores": cpu_s[name] / seconds for name in (*figures.PATH, "client")}
        row |= {"others_cores": others} | figures.correctness(said, 0)
        return row | figures.times(said, TTFT_S, 1 / self._plan.rate)

    async def _visits(self, count: int = 0) -> Row:
        made = await visits.visits(self._running.port, site.ADMIN_PASSWORD, count or self._plan.visits)
        return visits.times(made)

    def _add(self, what: str, sockets: int, row: Row) -> None:
        rounded = {key: round(value, 2) if isinstance(value, float) else value for key, value in row.items()}
        self._rows.append({"what": what, "sockets": sockets, **rounded})
        self._progress.advance(1)


def _used(before: Reading, after: Reading) -> dict[str, float]:
    """Seconds of processor time, by process."""
    return {name: now.cpu_s - before.processes[name].cpu_s for name, now in after.processes.items()}


def _a_socket(alone: Row, idle: Row, sockets: int) -> Row:
    kib = 1024 / sockets
    return {
        "web_kib_per_socket": (idle["web_pss_mb"] - alone["web_pss_mb"]) * kib,
        "redis_kib_per_socket": (idle["redis_used_mb"] - alone["redis_used_mb"]) * kib,
    }


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Something that goes on meanwhile."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


MEMORY = {"web_pss_mb": "web MB", "web_rss_mb": "resident", "redis_used_mb": "Redis MB"}
IDLE = {f"{name}_idle_cpu_ms_per_s": f"{name} CPU ms a second" for name in ("web", "redis", "worker", "client")}
STREAMS = {
    "added_ttft_ms_p50": "added TTFT p50",
    "added_ttft_ms_p95": "p95",
    "delay_ms_p50": "delay of a token p50",
    "delay_ms_p95": "p95",
    "web_streaming_cores": "web cores",
    "lost_tokens": "lost",
}
VISIT = {f"{name}_ms_{which}": f"{name} {which}" for name in visits.STEPS for which in ("p50", "worst")}


def show(write: report.Write, rows: Sequence[Row]) -> None:
    """The tables, and the JSON line."""
    for title, columns in (
        ("At rest.", MEMORY | IDLE),
        ("Replies at once, milliseconds.", STREAMS),
        ("What one person who does everything right waits for, milliseconds.", VISIT),
    ):
        shown = [row for row in rows if next(iter(columns)) in row]
        lines = [[row["what"], str(row["sockets"]), *(str(row[key]) for key in columns)] for row in shown]
        report.table(write, title, ["", "sockets", *columns.values()], lines)
    told = MEMORY | IDLE | STREAMS | VISIT
    more: dict[str, Any] = {key: value for row in rows[1:3] for key, value in row.items() if key not in told}
    write(", ".join(f"{key} {value}" for key, value in more.items()))
    report.last_line(write, {"bench": "sockets", "rows": list(rows)})

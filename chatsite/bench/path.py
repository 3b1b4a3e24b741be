"""The plan of ``manage.py bench_path``: the floor, then rounds of people who all ask, with and without HTML."""

import asyncio
import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import uvloop
from django.conf import settings

from chatsite.bench import client, figures, replies, site
from chatsite.bench.figures import Cost, Row
from chatsite.bench.progress import Progress
from chatsite.bench.replies import Reply
from chatsite.bench.site import Site
from chatsite.bench.usage import Reading

SETTLE_S = 0.3  # for what is saved after the last token
SHORT_TOKENS = 1  # so that a short reply costs little more than its send
SAMPLES = 30  # replies of a row in a repeat, at least ...
MOST_ROUNDS = 8  # ... as long as that takes no more rounds than this


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. ``tokens`` a reply at ``rate`` tokens a second, the first one ``ttft_s`` after it was asked."""

    streams: tuple[int, ...] = (1, 10, 50, 100, 200)
    formats: tuple[str, ...] = ("text", "html")
    repeats: int = 3
    samples: int = SAMPLES
    tokens: int = 128
    rate: int = 50
    ttft_s: float = 0.05
    database: str = ""
    words: int = 0  # then all is measured once more with a rule of so many words

    def rounds(self, streams: int) -> int:
        return min(MOST_ROUNDS, -(-self.samples // streams))

    def seconds(self, tokens: int, streams: int) -> float:
        """What the engine takes until the last of so many replies is said."""
        return streams * client.GAP_S + self.ttft_s + tokens / self.rate

    def describe(self) -> dict[str, Any]:
        """What a reader of the results must know."""
        return {
            "tokens": self.tokens,
            "tokens_per_s": self.rate,
            "ttft_ms": self.ttft_s * 1000,
            "between_sends_ms": client.GAP_S * 1000,
            "repeats": self.repeats,
            "database": "postgresql" if self.database else "sqlite",
            "words": self.words,
        }

    def cells(self) -> Iterator[tuple[str, int]]:
        for form in self.formats:
            for streams in self.streams:
                yield form, streams


@dataclass(slots=True)
class Measured:
    """One cell of one repeat before the saved text is compared."""

    row: Row
    replies: list[Reply]


def run(plan: Plan, progress: Progress) -> list[Row]:
    """All rows. Raises BenchError when the site does not run."""
    with site.temporary_folder() as folder:
        catalog = site.catalog(folder, ttft_s=plan.ttft_s, rate=plan.rate, tokens=plan.tokens)
        progress.begin(_seconds(plan))
        progress.tell("the floor")
        floor = measure_floor(plan, catalog, site.environment(folder, 0))
        progress.advance(_floor_seconds(plan))
        with site.running(folder, database=plan.database) as running:
            cookies = running.python("chatsite.bench.people", "make", str(max(plan.streams)))
            measured = uvloop.run(_measure(plan, running, cookies, progress))
            if plan.words:
                running.python("chatsite.bench.people", "forbid", str(plan.words))
                measured |= uvloop.run(_measure(plan, running, cookies, progress, plan.words))
            saved = running.python("chatsite.bench.people", "saved")
    return [_row(repeats, floor[streams], saved) for (_, streams, _), repeats in measured.items()]


def measure_floor(plan: Plan, catalog: Path, environment: dict[str, str]) -> dict[int, Row]:
    """The figures of the engine alone, by number of streams."""
    rounds = [str(number) for streams in plan.streams for number in (streams, plan.rounds(streams) * plan.repeats)]
    arguments = [str(catalog), str(settings.CACHE_DIR), str(plan.tokens), *rounds]
    told = site.python(environment, "chatsite.bench.floor", *arguments)
    return {streams: _floor_row(plan, answer) for streams, answer in zip(plan.streams, told, strict=True)}


def _floor_row(plan: Plan, answer: dict[str, Any]) -> Row:
    heard = [replies.of_pieces(asked, plan.tokens, sent_at, pieces) for asked, sent_at, pieces in answer["replies"]]
    tokens = sum(len(reply.arrivals) for reply in heard)
    row = figures.times(heard, plan.ttft_s, 1 / plan.rate, "floor_")
    return row | {"floor_cpu_s_per_1k_tokens": answer["cpu_s"] / tokens * 1000}


async def _measure(
    plan: Plan, running: Site, cookies: Sequence[str], progress: Progress, words: int = 0
) -> dict[tuple[str, int, int], list[Measured]]:
    measured: dict[tuple[str, int, int], list[Measured]] = {(*cell, words): [] for cell in plan.cells()}
    await _warm(plan, running, cookies)
    gc.collect()
    gc.freeze()  # walking through all of Django between rounds would empty the processor's caches before each
    for repeat in range(plan.repeats):
        for cell in plan.cells():
            progress.tell(f"{cell[1]} streams, {cell[0]}, repeat {repeat + 1} of {plan.repeats}")
            one = await _cell(plan, running, cookies[: cell[1]], html=cell[0] == "html")
            one.row["words"] = words
            measured[*cell, words].append(one)
            progress.advance(_cell_seconds(plan, cell[1]))
    return measured


async def _warm(plan: Plan, running: Site, cookies: Sequence[str]) -> None:
    """As many at once as there will be, so that every thread and connection is there."""
    sockets = await client.open_all(running.port, cookies)
    for html in (False, True):
        await client.ask_all(sockets, SHORT_TOKENS, plan.seconds(SHORT_TOKENS, len(sockets)), html=html)
    _close(sockets)


async def _cell(plan: Plan, running: Site, cookies: Sequence[str], *, html: bool) -> Measured:
    """One number of streams, one format: long replies, then short ones."""
    sockets = await client.open_all(running.port, cookies)
    long, short = Cost(), Cost()
    heard: list[Reply] = []
    for _ in range(plan.rounds(len(cookies))):
        for cost, tokens in ((long, plan.tokens), (short, SHORT_TOKENS)):
            before = await _settled(running)
            await client.ask_all(sockets, tokens, plan.seconds(tokens, len(sockets)), html=html)
            after = await _settled(running)
            said = [socket.heard(tokens) for socket in sockets]
            cost.add(said, before, after)
            if cost is long:
                heard += said
    _close(sockets)
    row = {
        "streams": len(cookies),
        "format": "html" if html else "text",
        **figures.times(heard, plan.ttft_s, 1 / plan.rate),
        **figures.costs(long, short),
        **figures.memory(after.processes),
        "client_cpu_s_per_1k_tokens": long.cpu_s["client"] / max(1, long.tokens) * 1000,
        "others_cores": long.others_cores,
    }
    return Measured(row, heard)


async def _settled(running: Site) -> Reading:
    await asyncio.sleep(SETTLE_S)
    return running.read()


def _close(sockets: Sequence[client.Socket]) -> None:
    for socket in sockets:
        socket.close()


def _row(repeats: list[Measured], floor: Row, saved: dict[str, str]) -> Row:
    rows = [
        one.row | figures.correctness(one.replies, sum(_differs(reply, saved) for reply in one.replies))
        for one in repeats
    ]
    return figures.median_row(rows) | {key: round(value, 5) for key, value in floor.items()}


def _differs(reply: Reply, saved: dict[str, str]) -> bool:
    return saved.get(reply.id) != sha256(reply.text.encode()).hexdigest()


def _cell_seconds(plan: Plan, streams: int) -> float:
    one = sum(plan.seconds(tokens, streams) + 2 * SETTLE_S for tokens in (plan.tokens, SHORT_TOKENS))
    return one * plan.rounds(streams)


def _floor_seconds(plan: Plan) -> float:
    return sum(plan.seconds(plan.tokens, n) * plan.rounds(n) * plan.repeats for n in plan.streams)


def _seconds(plan: Plan) -> float:
    rounds = plan.repeats * (2 if plan.words else 1)
    return _floor_seconds(plan) + rounds * sum(_cell_seconds(plan, streams) for _, streams in plan.cells())

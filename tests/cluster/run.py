"""One run over several hosts. The settings must be in the environment before this is imported."""

import asyncio
from argparse import Namespace as Options
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from chatsite.bench import site as bench
from chatsite.bench.report import table
from tests.cluster import silences, throughput
from tests.cluster import site as cluster
from tests.cluster.lan import Lan
from tests.cluster.site import Cluster
from tests.faults import report, site
from tests.faults.database import Database
from tests.faults.run import Run, drop_the_rule


class ClusterRun(Run):
    """The faults in their order, each when the one before is over, then the throughput."""

    overlap = 0.0
    more_people = 64  # of whom some ask for the throughput

    def __init__(self, options: Options, folder: Path, database: Database, lan: Lan) -> None:
        super().__init__(options, folder, database)
        self._lan = lan

    def all(self) -> bool:
        """Every part that was asked for; whether all was right."""
        options = self._options
        report.write(f"Hosts: {self._lan.name}; a slow link: {self._lan.slow_is}.")
        about = {"suite": "cluster", "seed": options.seed, "network": self._lan.name, "people": options.people}
        row: dict[str, Any] = {}
        if "faults" in options.parts:
            asked, raging = asyncio.run(self._storm())
            row |= self._judge(asked, raging)
            row["by_fault"] = silences.by_fault(asked, raging.done)
            _show("Each fault.", row["by_fault"])
        if "throughput" in options.parts:
            row["throughput"] = self._throughput()
        report.end(about, row, len(self._wrong))
        return not self._wrong

    def _throughput(self) -> list[dict[str, Any]]:
        drop_the_rule()
        rows = asyncio.run(self._load())
        _show(f"Throughput: replies of {throughput.TOKENS} tokens, asked for again and again.", rows)
        one, two = (row["tokens_per_s"] for row in rows)
        report.write(f"With two web processes {two / max(one, 0.1):.2f} times the tokens of one.")
        wrong = [f"{row['wrong_replies']} of {row['replies']} replies" for row in rows if row["wrong_replies"]]
        report.complaints(wrong)
        self._wrong += wrong
        return rows

    async def _load(self) -> list[dict[str, Any]]:
        options = self._options
        bench.catalog(self._folder, ttft_s=throughput.TTFT_S, rate=throughput.RATE, tokens=throughput.TOKENS)
        environment = bench.environment(self._folder, options.port, database=self._database.url)
        async with self._running(environment | {"CHATSITE_TITLES": "false"}) as made:
            return await throughput.with_one_and_two(made, self._cookies[: options.askers], options.seconds)

    @asynccontextmanager
    async def _site(self, slots: int, rate: float, **more: str) -> AsyncIterator[Cluster]:
        environment = site.environment(self._folder, self._options, self._database.url, slots=slots, rate=rate)
        async with self._running(environment | more) as made:
            yield made

    @asynccontextmanager
    async def _running(self, environment: dict[str, str]) -> AsyncIterator[Cluster]:
        async with cluster.made(self._folder, self._options.port, environment, self._lan) as made, site.running(made):
            yield made


def _show(title: str, rows: Sequence[dict[str, Any]]) -> None:
    names = list(rows[0]) if rows else []
    table(report.write, title, names, [[str(row[name]) for name in names] for row in rows])

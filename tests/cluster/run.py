"""One run over several hosts. The settings must be in the environment before this is imported."""

import asyncio
from argparse import Namespace as Options
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from chatsite.bench.report import table
from tests.cluster import silences
from tests.cluster import site as cluster
from tests.cluster.lan import Lan
from tests.faults import report, site
from tests.faults.database import Database
from tests.faults.run import Run
from tests.faults.site import Site


class ClusterRun(Run):
    """The faults in their order, each when the one before is over, then the throughput."""

    overlap = 0.0

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
            rows = silences.by_fault(asked, raging.done)
            names = list(rows[0]) if rows else []
            table(report.write, "Each fault.", names, [[str(one[name]) for name in names] for one in rows])
            row["by_fault"] = rows
        report.end(about, row, len(self._wrong))
        return not self._wrong

    @asynccontextmanager
    async def _site(self, slots: int, rate: float, **more: str) -> AsyncIterator[Site]:
        environment = site.environment(self._folder, self._options, self._database.url, slots=slots, rate=rate) | more
        async with cluster.made(self._folder, self._options.port, environment, self._lan) as made, site.running(made):
            yield made

"""One run: a crowd, a storm, a verdict. The settings must be in the environment before this is imported."""

import asyncio
import random
from argparse import Namespace as Options
from pathlib import Path
from typing import Any

import django

django.setup()

from chatsite.bench import people  # noqa: E402 - django.setup() comes first
from chatsite.bench.progress import Progress  # noqa: E402
from chatsite.supervisor.preparation import prepare  # noqa: E402
from tests.faults import network, report, site, storm, verdict  # noqa: E402
from tests.faults.crowd import Crowd, Person  # noqa: E402
from tests.faults.database import Database  # noqa: E402
from tests.faults.strikes import Ground, Strike  # noqa: E402

SECONDS_A_FAULT = 7.0


def storm_run(options: Options, folder: Path, environment: dict[str, str], database: Database) -> bool:
    """Strike and judge; whether nothing is wrong."""
    prepare(lambda line: None)
    chance = random.Random(options.seed)  # noqa: S311 - to repeat a run, not to keep a secret
    cookies = people.make(options.people)
    kinds = storm.drawn(chance, options.faults)
    about, asked, raged = asyncio.run(_rage(options, folder, environment, database, cookies, kinds))
    found = verdict.judge(asked, raged)
    report.show(about, verdict.figures(asked, raged), found)
    return not found.complaints


async def _rage(
    options: Options, folder: Path, environment: dict[str, str], database: Database, cookies: list[str], kinds: list[str]
) -> tuple[dict[str, Any], list[Any], storm.Storm]:
    raging = storm.Storm(kinds, random.Random(options.seed + 1))  # noqa: S311 - as above
    progress = Progress()
    progress.tell("starting")
    progress.begin(len(kinds) * SECONDS_A_FAULT)

    def tell(number: int, blow: Strike | None) -> None:
        progress.tell(f"{number} of {len(kinds)} faults{', last: ' + blow.kind if blow else ''}")
        progress.advance(SECONDS_A_FAULT)

    async with network.between(folder / "data" / "redis.sock", proxy=options.proxy) as between:
        ground = Ground(site.Site(folder, options.port, environment, between), database, raging.chance)
        async with site.running(ground.site):
            crowd = Crowd([_person(options, cookie, number) for number, cookie in enumerate(cookies)])
            try:
                await raging.rage(ground, crowd, tell)
            finally:
                await crowd.close()
                progress.end()
        about = {
            "suite": "faults",
            "seed": options.seed,
            "database": database.name,
            "network": between.name,
            "people": options.people,
            "spare_workers": 1,
        }
        return about, crowd.asked, raging


def _person(options: Options, cookie: str, number: int) -> Person:
    chance = random.Random(options.seed * 1000 + number)  # noqa: S311 - as above
    return Person(options.port, cookie, chance, tuple(options.tokens))

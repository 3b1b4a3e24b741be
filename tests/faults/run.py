"""One run, part by part. The settings must be in the environment before this is imported."""

import asyncio
import os
import random
import signal
import sys
from argparse import Namespace as Options
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import django
from django.db import connection

django.setup()

from chatsite.bench import people  # noqa: E402 - django.setup() comes first
from chatsite.bench.progress import Progress  # noqa: E402
from chatsite.environment import ROOT  # noqa: E402
from chatsite.supervisor.preparation import prepare  # noqa: E402
from tests.faults import ledger, memory, network, promises, report, site, soak, storm, verdict  # noqa: E402
from tests.faults.crowd import Asked, Crowd, Person  # noqa: E402
from tests.faults.database import Database  # noqa: E402
from tests.faults.site import Part, Site  # noqa: E402
from tests.faults.strikes import Ground, Strike  # noqa: E402

SECONDS_A_FAULT = 7.0
EXTRA_PEOPLE = 5  # for the promises
PROMPT = "Tell me a long story about a lighthouse, its keeper and the sea, with many details."


class Run:
    """A folder, a database and people, for all parts."""

    overlap = storm.OVERLAP
    more_people = EXTRA_PEOPLE

    def __init__(self, options: Options, folder: Path, database: Database) -> None:
        self._options = options
        self._folder = folder
        self._database = database
        self._wrong: list[str] = []
        self._memory: dict[str, Any] = {}
        prepare(lambda line: None)
        ledger.make_a_rule()
        self._cookies = people.make(options.people + self.more_people)

    def all(self) -> bool:
        """Every part that was asked for; whether all was right."""
        options = self._options
        about: dict[str, Any] = {"suite": "faults", "seed": options.seed, "engine": options.engine}
        about |= {"database": self._database.name, "people": options.people, "spare_workers": 1}
        row: dict[str, Any] = {}
        if "storm" in options.parts:
            row |= self._judge(*asyncio.run(self._storm()))
        if "promises" in options.parts:
            row |= asyncio.run(self._promises())
        if "soak" in options.parts:
            row |= self._judge(*asyncio.run(self._soak())) | self._memory
        report.end(about, row, len(self._wrong))
        return not self._wrong

    async def _storm(self) -> tuple[list[Asked], storm.Storm]:
        options, chance = self._options, random.Random(self._options.seed)  # noqa: S311 - to repeat a run
        raging = storm.Storm(list(options.kinds) or storm.drawn(chance, options.faults), chance, self.overlap)
        progress = Progress()
        progress.tell("starting")
        progress.begin(len(raging.kinds) * SECONDS_A_FAULT)

        def tell(number: int, blow: Strike | None) -> None:
            progress.tell(f"{number} of {len(raging.kinds)} faults{', last: ' + blow.kind if blow else ''}")
            progress.advance(SECONDS_A_FAULT)

        async with self._site(options.people, options.rate) as struck:
            raging.network = struck.network.name
            crowd = Crowd([self._person(number) for number in range(options.people)])
            try:
                await raging.rage(Ground(struck, self._database, chance), crowd, tell)
            finally:
                await crowd.close()
                progress.end()
        return crowd.asked, raging

    def _judge(self, asked: Sequence[Asked], raging: storm.Storm) -> dict[str, Any]:
        _connect_anew()
        found = verdict.judge(asked, raging)
        self._wrong += found.complaints
        row = {"network": raging.network, **verdict.figures(asked, raging)}
        report.show("The storm; times are of faults that met no other.", row)
        report.zeros(found.counts)
        report.complaints(found.complaints)  # at once: a later part may fail
        self._miss(row, verdict.GOALS)
        return {**row, **found.counts}

    async def _soak(self) -> tuple[list[Asked], storm.Storm]:
        options = self._options
        async with self._site(options.people, options.rate) as loaded:
            crowd = Crowd([self._person(number) for number in range(options.people)])
            progress = Progress()
            try:
                soaked = soak.Soak(random.Random(options.seed), options.minutes * 60)  # noqa: S311 - to repeat a run
                await soaked.under_load(loaded, crowd, progress)
            finally:
                await crowd.close()
                progress.end()
        self._memory = soaked.memory.figures()
        report.show("Memory.", self._memory)
        self._miss(self._memory, memory.GOALS)
        return crowd.asked, soaked.storm

    async def _promises(self) -> dict[str, Any]:
        options, row = self._options, dict[str, Any]()
        cookies = self._cookies[options.people :]
        async with AsyncExitStack() as tabs, self._site(promises.SLOTS, promises.RATE, **promises.ENVIRONMENT) as quiet:
            people = promises.People(options.port, cookies, tabs)
            await people.are_here()
            row |= await promises.stops(people, 2 if options.short else 8)
            row |= await promises.fairness(people, 30 if options.short else 50)
            if not options.short:
                row |= await promises.drain(quiet, people)
        if not options.short:
            row |= await self._restart(cookies)
        report.show("What is promised, measured.", row)
        self._miss(row, promises.GOALS)
        return row

    async def _restart(self, cookies: Sequence[str]) -> dict[str, Any]:
        with (self._folder / "printed").open("a") as log:
            supervisor = Part([sys.executable, str(ROOT / "manage.py"), "run"], dict(os.environ), log)
            supervisor.start()
            try:
                async with AsyncExitStack() as tabs:
                    people = promises.People(self._options.port, cookies, tabs)
                    await people.are_here()
                    return await promises.restart(supervisor, people)
            finally:
                supervisor.signal(signal.SIGTERM)
                supervisor.wait(60)

    @asynccontextmanager
    async def _site(self, slots: int, rate: float, **more: str) -> AsyncIterator[Site]:
        options = self._options
        environment = site.environment(self._folder, options, self._database.url, slots=slots, rate=rate) | more
        async with network.between(self._folder / "data" / "redis.sock", proxy=options.proxy) as between:
            made = Site(self._folder, options.port, environment, between)
            async with site.running(made):
                yield made

    def _miss(self, row: dict[str, Any], goals: dict[str, float]) -> None:
        """In the short form, beside all else, only what may never be is judged: no times and no order of arrival."""
        judged = {name: most for name, most in goals.items() if not most or not self._options.short}
        found = {name: most for name, most in judged.items() if row.get(name, 0) > most}
        missed = [f"{name} is {row[name]}, at most {most}" for name, most in found.items()]
        report.complaints(missed)
        self._wrong += missed

    def _person(self, number: int) -> Person:
        chance = random.Random(self._options.seed * 1000 + number)  # noqa: S311 - to repeat a run
        prompt = PROMPT if self._options.engine == "vllm" else ""
        where = (self._options.port, self._cookies[number])
        return Person(*where, chance, tuple(self._options.tokens), prompt, formatted=number % 2 == 1)


def _connect_anew() -> None:
    """The connections of before the faults may be dead."""
    connection.close()
    getattr(connection, "close_pool", connection.close)()


def drop_the_rule() -> None:
    """No text is held back any more: what follows is about speed."""
    _connect_anew()
    ledger.drop_the_rule()

"""One model: both sides loaded, asked in turns, and asked to give back what they took."""

import asyncio
import contextlib
import gc
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import uvloop

from chatsite.bench import client
from chatsite.bench.figures import Row
from chatsite.bench.models import kill
from chatsite.bench.models.answer import Answer
from chatsite.bench.models.over_api import API, over_api
from chatsite.bench.models.plan import GUESSED_RATE, Part, Plan
from chatsite.bench.models.sides import BARE, Bare, Loaded, Side, Through, bare, through
from chatsite.bench.progress import Progress
from chatsite.bench.site import Site
from chatsite.bench.usage import available_mb
from inference.model import Model

SETTLE_S = 0.2  # so that what a site still does after a reply is not in the other side's figures
SPARE_MB = 1024.0  # that must be left when both engines are loaded
FIRST_NUMBER = 1000  # of fresh questions, so that all are as long

Rounds = dict[tuple[str, str], list[list[Answer]]]


@dataclass(frozen=True, slots=True)
class Load:
    """What a loaded engine took."""

    start_s: float
    rss_mb: float
    gpu_mb: float


@dataclass(slots=True)
class Measured:
    """Answers of each round, by side and part; what each side took; how a killed worker was got over."""

    model: Model
    rounds: Rounds = field(default_factory=dict)
    loads: dict[str, Load] = field(default_factory=dict)
    interleaved: bool = True
    kill: Row | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A model, the catalog file it is in, and a folder for what is printed and saved meanwhile."""

    model: Model
    catalog: Path
    folder: Path

    def bare(self) -> "contextlib.AbstractContextManager[Bare]":
        return bare(self.catalog, self.model.name, self.folder)

    def through(self, plan: Plan) -> "contextlib.AbstractContextManager[tuple[Site, Loaded]]":
        return through(self.catalog, self.model.name, self.folder, plan)


class Measuring:
    """Both sides question by question or, where two engines do not fit, a half of the bare one's before and after."""

    def __init__(self, plan: Plan, subject: Subject, progress: Progress) -> None:
        self._plan = plan
        self._subject = subject
        self._progress = progress
        self._numbers = count(FIRST_NUMBER)
        self.done = Measured(subject.model)

    def run(self) -> Measured:
        """Load, ask, close. Raises BenchError when a side does not start."""
        self._tell("loading")
        with self._subject.bare() as engine:
            self.done.interleaved = leaves_room(self._subject.model, engine.rss_mb())
            if self.done.interleaved:
                self._with_a_site(engine)
                return self.done
            uvloop.run(self._ask([engine], turn=0, turns=2))
            self._note(BARE, engine.loaded, engine.rss_mb())
        self._with_a_site(None)
        with self._subject.bare() as engine:
            uvloop.run(self._ask([engine], turn=1, turns=2))
        return self.done

    def _with_a_site(self, engine: Bare | None) -> None:
        """All that is asked of a site, and of the bare engine where it is loaded beside."""
        with (
            self._subject.through(self._plan) as (running, loaded),
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            cookies = running.python("chatsite.bench.people", "make", str(self._plan.users))
            sockets = runner.run(client.open_all(running.port, cookies))
            runner.run(self._ask_site(running, sockets, [engine] if engine else []))
            if engine:
                self._note(BARE, engine.loaded, engine.rss_mb())
            for form in self._plan.formats:
                self._note(form, loaded, running.read().processes["worker"].rss_mb)
            if self._plan.kill_worker:
                self._tell("a worker is killed")
                self.done.kill = runner.run(kill.run(running, sockets[0], self._plan.rate_tokens))
            for socket in sockets:
                socket.close()

    async def _ask_site(self, running: Site, sockets: Sequence[client.Socket], beside: Sequence[Side]) -> None:
        """As the page asks and as programs do, whichever is wanted."""
        async with contextlib.AsyncExitStack() as stack:
            sides = list(beside)
            for form in self._plan.formats:
                program = over_api(running, self._plan.users, self._subject.model.name) if form == API else None
                sides.append(await stack.enter_async_context(program) if program else Through(sockets, form))
            await self._ask(sides)

    async def _ask(self, sides: Sequence[Side], turn: int = 0, turns: int = 1) -> None:
        """One of so many turns: that share of each part's rounds, asked of all sides one after the other."""
        self._tell("warming up")
        for part in self._plan.warming():
            for _ in range(part.times):
                for side in sides:
                    await side.ask(part.question(next(self._numbers)), part.streams)
        gc.collect()
        gc.freeze()  # walking through all of Django between rounds would empty the processor's caches before each
        for part in self._plan.parts():
            for number in range(part.times * turn // turns, part.times * (turn + 1) // turns):
                self._tell(f"{_LABELS[part.name]}, {number + 1} of {part.times}")
                await self._round(part, sides[:: 1 if number % 2 else -1])

    async def _round(self, part: Part, sides: Sequence[Side]) -> None:
        for side in sides:
            await asyncio.sleep(SETTLE_S)
            answers = await side.ask(part.question(next(self._numbers)), part.streams)
            self.done.rounds.setdefault((side.name, part.name), []).append(answers)
            self._progress.advance(part.streams * part.asked.tokens / GUESSED_RATE)

    def _note(self, side: str, loaded: Loaded, rss_mb: float) -> None:
        self.done.loads[side] = Load(loaded.start_s, rss_mb, loaded.gpu_mb)

    def _tell(self, what: str) -> None:
        self._progress.tell(f"{self._subject.model.name}: {what}")


def leaves_room(model: Model, rss_mb: float) -> bool:
    """Whether a second engine like one that takes so much can be loaded beside it. On GPUs one takes all there is."""
    return not model.gpus and available_mb() > rss_mb + SPARE_MB


_LABELS = {"one": "one at a time", "users": "all at once", "rate": "long answers"}

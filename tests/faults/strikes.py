"""The faults: what each does to the site, and how many processes it kills."""

import asyncio
import random
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.faults.crowd import Asked
from tests.faults.database import Database
from tests.faults.site import WORKERS, Site

OUTAGE_S = 10.0


@dataclass
class Ground:
    """What can be struck."""

    site: Site
    database: Database
    chance: random.Random


@dataclass
class Strike:
    """One fault that happened. Moments are ``time.monotonic()``: of the blow, and when nothing more was done."""

    kind: str
    kills: int
    began: float
    over: float = 0.0
    well: float = 0.0  # when all replies had gone on; 0 where nobody waited for that
    clean: bool = True  # no other fault was under way
    double: bool = False  # Redis and a worker together, by one blow or by two that met
    live: list[Asked] = field(default_factory=list)  # replies under way at the blow


async def worker(ground: Ground) -> None:
    """One that writes something, if either does."""
    busy = await asyncio.to_thread(ground.site.busy_workers)
    ground.site.kill(ground.chance.choice(busy or WORKERS))


async def engine_core(ground: Ground) -> None:
    ground.site.kill_engine_core(ground.chance.choice(WORKERS))


async def web(ground: Ground) -> None:
    ground.site.kill("web")


async def background(ground: Ground) -> None:
    ground.site.kill("background")


async def redis(ground: Ground) -> None:
    """It comes back with its append-only file."""
    ground.site.kill("redis")


async def redis_emptied(ground: Ground) -> None:
    """It comes back with nothing."""
    part = ground.site.parts["redis"]
    part.held = True
    part.signal(signal.SIGKILL)
    part.wait(10)
    shutil.rmtree(ground.site.redis_folder)
    ground.site.redis_folder.mkdir(mode=0o700)
    part.held = False


async def redis_and_worker(ground: Ground) -> None:
    """What is newer than the last checkpoint is nowhere any more."""
    await worker(ground)
    await redis_emptied(ground)


async def network(ground: Ground) -> None:
    """The web process cannot reach Redis for a while."""
    ground.site.network.cut()
    try:
        await asyncio.sleep(ground.chance.uniform(0.5, 7))
    finally:
        ground.site.network.mend()


async def frozen_worker(ground: Ground) -> None:
    """It stands still until its replies are with another worker, then goes on as if nothing had been."""
    part = ground.site.parts[ground.chance.choice(WORKERS)]
    part.signal(signal.SIGSTOP)
    await asyncio.sleep(ground.chance.uniform(8, 10))
    part.signal(signal.SIGCONT)


async def database(ground: Ground) -> None:
    """It is away for ten seconds."""
    await asyncio.to_thread(ground.database.take_away)
    try:
        await asyncio.sleep(OUTAGE_S)
    finally:
        await asyncio.to_thread(ground.database.give_back)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault; of ``weight`` strikes so many are of it."""

    strike: Callable[[Ground], Awaitable[None]]
    kills: int
    weight: int
    takes: bool = False  # replies change hands: their next token comes from another worker
    outlasts: bool = False  # the blow itself takes time, and recovery is counted from its end
    forgets: bool = False  # live text that Redis held may be gone


KINDS = {
    "worker killed": Kind(worker, 1, 46, takes=True),
    "engine core killed": Kind(engine_core, 1, 0, takes=True),  # of a real engine only
    "web killed": Kind(web, 1, 18),
    "Redis killed": Kind(redis, 1, 12, forgets=True),
    "Redis killed and emptied": Kind(redis_emptied, 1, 5, forgets=True),
    "Redis and worker killed": Kind(redis_and_worker, 2, 5, takes=True, forgets=True),
    "background killed": Kind(background, 1, 3),
    "network cut": Kind(network, 0, 6, outlasts=True),
    "worker frozen": Kind(frozen_worker, 0, 3, takes=True),
    "database away": Kind(database, 0, 2, outlasts=True),
}
DOUBLE = "Redis and worker killed"


async def strike(ground: Ground, kind: str, live: list[Asked]) -> Strike:
    """Do it. Returns when nothing more is done to the site; recovery is then up to the site."""
    what = KINDS[kind]
    done = Strike(kind, what.kills, time.monotonic(), double=kind == DOUBLE, live=live)
    await what.strike(ground)
    done.over = time.monotonic()
    return done

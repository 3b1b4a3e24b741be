"""Half an hour under load with a kill every minute: nothing is lost, and no process grows.

In the first half a worker, Redis and the background worker are killed in turn, in the second only the worker; the web
process and the other worker once, early. So each lives for a quarter of an hour, in which shows what it gathers.
"""

import asyncio
import itertools
import random
import time

from chatsite.bench.progress import Progress
from tests.faults.crowd import Crowd
from tests.faults.memory import Memory
from tests.faults.site import WORKERS, Site
from tests.faults.storm import Storm
from tests.faults.strikes import Strike

LOOK_S = 5.0
KILL_EVERY_S = 60.0
TURN = ((WORKERS[0], "worker killed"), ("redis", "Redis killed"), ("background", "background killed"))
ONCE = (("web", "web killed"), (WORKERS[1], "worker killed"))
ONCE_AT = 0.15  # share of the time
ANY_UNTIL = 0.5  # share of the time


class Soak:
    """One soak of so many seconds."""

    def __init__(self, chance: random.Random, seconds: float) -> None:
        self.storm = Storm([], chance)
        self._seconds = seconds
        self._chance = chance
        self._turn, self._once = itertools.cycle(TURN), list(ONCE)
        self.memory = Memory()

    async def under_load(self, site: Site, crowd: Crowd, progress: Progress) -> None:
        """Look at the memory of all processes and kill one a minute, until time is up."""
        self.storm.network = site.network.name
        began = time.monotonic()
        progress.begin(self._seconds)
        next_kill = began + self._pause()
        while (now := time.monotonic()) < began + self._seconds:
            self.memory.look(now, {name: part.pid for name, part in site.parts.items()}, site.memory_mb())
            if now >= next_kill:
                next_kill += KILL_EVERY_S
                self._kill(site, crowd, *self._whom((now - began) / self._seconds))
            progress.tell(f"{len(self.storm.done)} kills, {len(crowd.asked)} replies")
            await asyncio.sleep(LOOK_S)
            progress.advance(LOOK_S)

    def _whom(self, share: float) -> tuple[str, str]:
        """Whom to kill after this share of the time, and what that is called."""
        if self._once and share > ONCE_AT:
            return self._once.pop()
        return next(self._turn) if share < ANY_UNTIL else TURN[0]

    def _pause(self) -> float:
        return self._chance.uniform(0.2, 0.8) * min(KILL_EVERY_S, self._seconds)

    def _kill(self, site: Site, crowd: Crowd, name: str, kind: str) -> None:
        blow = Strike(kind, 1, time.monotonic(), live=crowd.live())
        site.kill(name)
        blow.over = time.monotonic()
        self.storm.done.append(blow)

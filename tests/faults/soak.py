"""Half an hour under load with a kill every minute: nothing is lost, and no process grows.

A worker, Redis and the background worker are killed in turn; the web process and the other worker once, early, so that
what they gather shows in the rest of the time. The scheduler lives through it all.
"""

import asyncio
import itertools
import random
import time
from typing import Any

from chatsite.bench.progress import Progress
from tests.faults.crowd import Crowd
from tests.faults.site import WORKERS, Site
from tests.faults.storm import Storm
from tests.faults.strikes import Strike

LOOK_S = 5.0
KILL_EVERY_S = 60.0
WARM_S = 60.0  # of a process's life, before which it may still grow
LEAST_S = 120.0  # a shorter life says nothing about growth
TURN = ((WORKERS[0], "worker killed"), ("redis", "Redis killed"), ("background", "background killed"))
ONCE = (("web", "web killed"), (WORKERS[1], "worker killed"))
ONCE_AT = 0.15  # share of the time

Life = list[tuple[float, float]]  # (moment, its own megabytes)


class Soak:
    """One soak of so many seconds."""

    def __init__(self, chance: random.Random, seconds: float) -> None:
        self.storm = Storm([], chance)
        self._seconds = seconds
        self._chance = chance
        self._lives: dict[str, list[Life]] = {}
        self._pids: dict[str, int] = {}

    async def under_load(self, site: Site, crowd: Crowd, progress: Progress) -> None:
        """Look at the memory of all processes and kill one a minute, until time is up."""
        self.storm.network = site.network.name
        began = time.monotonic()
        progress.begin(self._seconds)
        turn, once = itertools.cycle(TURN), list(ONCE)
        next_kill = began + self._pause()
        while (now := time.monotonic()) < began + self._seconds:
            self._look(site, now)
            if now >= next_kill:
                next_kill += KILL_EVERY_S
                is_time = once and now - began > self._seconds * ONCE_AT
                self._kill(site, crowd, *(once.pop() if is_time else next(turn)))
            progress.tell(f"{len(self.storm.done)} kills, {len(crowd.asked)} replies")
            await asyncio.sleep(LOOK_S)
            progress.advance(LOOK_S)

    def figures(self) -> dict[str, Any]:
        """Of the longest life of each process: its own megabytes after a minute and last, and growth an hour.

        Threads, connections and caches come as they are first needed: what goes on growing shows in the second half.
        """
        row: dict[str, Any] = {}
        for name, lives in self._lives.items():
            life = max(lives, key=_length)
            warm = [look for look in life if look[0] >= life[0][0] + WARM_S]
            if not warm or _length(warm) < LEAST_S:
                continue
            row[f"{name}_minutes"] = round(_length(life) / 60, 1)
            row[f"{name}_own_mb_after_first_minute"] = round(warm[0][1], 1)
            row[f"{name}_own_mb_last"] = round(warm[-1][1], 1)
            row[f"{name}_own_mb_per_hour"] = round(_slope(warm) * 3600, 1)
            row[f"{name}_own_mb_per_hour_second_half"] = round(_slope(warm[len(warm) // 2 :]) * 3600, 1)
        return row

    def _pause(self) -> float:
        return self._chance.uniform(0.2, 0.8) * min(KILL_EVERY_S, self._seconds)

    def _kill(self, site: Site, crowd: Crowd, name: str, kind: str) -> None:
        blow = Strike(kind, 1, time.monotonic(), live=crowd.live())
        site.kill(name)
        blow.over = time.monotonic()
        self.storm.done.append(blow)

    def _look(self, site: Site, now: float) -> None:
        for name, megabytes in site.memory_mb().items():
            pid = site.parts[name].pid
            if self._pids.get(name) != pid:
                self._pids[name] = pid
                self._lives.setdefault(name, []).append([])
            self._lives[name][-1].append((now, megabytes))


def _length(life: Life) -> float:
    return life[-1][0] - life[0][0]


def _slope(life: Life) -> float:
    """Megabytes a second, by least squares."""
    mean_at, mean = (sum(values) / len(life) for values in zip(*life, strict=True))
    spread = sum((at - mean_at) ** 2 for at, _ in life)
    return float(sum((at - mean_at) * (megabytes - mean) for at, megabytes in life) / spread)

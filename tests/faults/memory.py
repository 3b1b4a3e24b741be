"""Whether processes go on growing: what each holds of its own, look after look, in its longest life.

Memory is taken in stairs and seldom given back: for threads and caches as they are first needed, for a busy minute, for
garbage that waits to be collected. So a slope says little. But what grows for ever goes on reaching new heights: each
of the last two thirds of a life is set beside what came before it.
"""

from collections.abc import Mapping
from statistics import median
from typing import Any

from tests.faults.site import WORKERS

WARM_S = 60.0  # of a process's life, before which it fills
LONG_S = 600.0  # a shorter life after that says nothing about growth
MOST_MB_PER_HOUR = 10.0
GROWTH = "own_mb_per_hour_at_the_end"
GOALS = {f"{name}_{GROWTH}": MOST_MB_PER_HOUR for name in ("redis", "web", *WORKERS, "background", "scheduler")}

Life = list[tuple[float, float]]  # (moment, its own megabytes)


class Memory:
    """What was seen of all processes by name, each of their lives apart."""

    def __init__(self) -> None:
        self._lives: dict[str, list[Life]] = {}
        self._pids: dict[str, int] = {}

    def look(self, now: float, pids: Mapping[str, int], megabytes: Mapping[str, float]) -> None:
        """Note what each process has at this moment."""
        for name, its_own in megabytes.items():
            if self._pids.get(name) != pids[name]:
                self._pids[name] = pids[name]
                self._lives.setdefault(name, []).append([])
            self._lives[name][-1].append((now, its_own))

    def figures(self) -> dict[str, Any]:
        """Of the longest life of each: megabytes when it was warm and last, and growth where it lived for long."""
        row: dict[str, Any] = {}
        for name, lives in self._lives.items():
            life = max(lives, key=_seconds)
            warm = [look for look in life if look[0] >= life[0][0] + WARM_S]
            if not warm:
                continue
            row[f"{name}_minutes"] = round(_seconds(life) / 60, 1)
            row[f"{name}_own_mb_after_first_minute"] = round(warm[0][1], 1)
            row[f"{name}_own_mb_last"] = round(warm[-1][1], 1)
            if _seconds(warm) >= LONG_S:
                row[f"{name}_{GROWTH}"] = round(growth(warm), 1)
        return row


def growth(life: Life) -> float:
    """Megabytes an hour by which each of the last two thirds is at least higher than the one before; 0 if one is not.

    A look that differs from both beside it is passed over: a server that forks to save its data has twice as much then.
    """
    third = _seconds(life) / 3
    highest = [0.0, 0.0, 0.0]
    for number, (at, _) in enumerate(life):
        steady = median(megabytes for _, megabytes in life[max(0, number - 1) : number + 2])
        place = min(2, int((at - life[0][0]) / third))
        highest[place] = max(highest[place], steady)
    first, second, last = highest
    return max(0.0, min(second - first, last - second)) / third * 3600


def _seconds(life: Life) -> float:
    return life[-1][0] - life[0][0]

"""Faults at random moments while people read: the order is drawn from a seed, the moments from the run itself."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.crowd import Asked, Crowd
from tests.faults.strikes import DOUBLE, KINDS, Ground, Strike, strike

SETTLE_S = 0.25  # what was on its way at a blow has come by then
RECOVERY_S = 120.0
PAUSES_S = (0.3, 2.5)
OVERLAP = 0.15  # share of faults that the next one does not wait for


@dataclass
class Storm:
    """A run of faults. ``kinds`` in the order they come."""

    kinds: list[str]
    chance: random.Random
    overlap: float = OVERLAP
    done: list[Strike] = field(default_factory=list)
    network: str = ""  # what was cut
    unrecovered: int = 0
    rewound_tokens: int = 0  # that tabs had shown when Redis and a worker failed together

    async def rage(self, ground: Ground, crowd: Crowd, tell: Callable[[int, Strike | None], None]) -> None:
        """All of them. Each waits until every reply under way at the last one has gone on, unless they overlap."""
        tell(0, None)
        together, met = False, list[Strike]()  # the blows since everything was well
        await self._until(lambda: len(crowd.live()) > len(crowd.people) / 2)
        for number, kind in enumerate(self.kinds):
            await asyncio.sleep(self.chance.uniform(*PAUSES_S))
            if not together:
                await ground.site.is_ready_for(taking=KINDS[kind].takes)
                await self._until(lambda: len(crowd.live()) > len(crowd.people) / 2)
            blow = await strike(ground, kind, crowd.live())
            blow.clean = not together
            self.done.append(blow)
            met = [*met, blow] if together else [blow]
            _call_double(met)
            together = self.chance.random() < self.overlap and kind != DOUBLE
            if together:
                blow.clean = False
            else:
                await self._recovery(blow)
                blow.well = time.monotonic()
            tell(number + 1, blow)

    async def _recovery(self, blow: Strike) -> None:
        self.unrecovered += not await self._until(lambda: all(has_gone_on(asked, blow) for asked in blow.live))

    async def _until(self, condition: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + RECOVERY_S
        while not (met := condition()) and time.monotonic() < deadline:  # noqa: ASYNC110 - tabs tell nobody
            await asyncio.sleep(0.05)
        return met


def _call_double(met: list[Strike]) -> None:
    """Where Redis and a worker fell before either was well again, what was newer than the checkpoint is nowhere."""
    kinds = [KINDS[blow.kind] for blow in met]
    if any(kind.forgets for kind in kinds) and any(kind.takes for kind in kinds):
        for blow in met:
            blow.double = True


def drawn(chance: random.Random, strikes: int) -> list[str]:
    """So many faults, each kind by its weight, in random order; of each kind at least one if there are enough."""
    names = list(KINDS)
    weights = [kind.weight for kind in KINDS.values()]
    total = sum(weights)
    sure = [name for name, weight in zip(names, weights, strict=True) for _ in range(strikes * weight // total)]
    kinds = sure + chance.choices(names, weights, k=strikes - len(sure))
    chance.shuffle(kinds)
    return kinds


def kills(kinds: list[str]) -> int:
    """Processes they kill."""
    return sum(KINDS[kind].kills for kind in kinds)


def has_gone_on(asked: Asked, blow: Strike) -> bool:
    return not asked.is_live or next_token(asked, blow) is not None


def next_token(asked: Asked, blow: Strike) -> float | None:
    """The moment of the first token after the blow."""
    after = (blow.over if KINDS[blow.kind].outlasts else blow.began) + SETTLE_S
    return next((at for at in reversed(_tail(asked, after))), None)


def _tail(asked: Asked, after: float) -> list[float]:
    tail = []
    for at in reversed(asked.seen[0].arrivals):
        if at <= after:
            break
        tail.append(at)
    return tail


def silences(blow: Strike) -> list[float]:
    """Seconds from the blow to the next token of each reply that it touched.

    A worker's death touches those that changed hands. The clock starts when the blow ends where it lasts.
    """
    kind = KINDS[blow.kind]
    found = []
    for asked in blow.live:
        at = next_token(asked, blow)
        if at is None:
            continue
        moved = [when for when, _ in asked.seen[0].states if blow.began < when <= at]
        if moved or not kind.takes:
            found.append(at - (blow.over if kind.outlasts else blow.began))
    return found

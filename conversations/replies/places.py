"""Who is next: the order in which waiting replies will be taken, and about when.

``queue.claim`` takes the first by SQL; here the same rule is played forward, so that a person can be told how many are
ahead and how long that may take.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from uuid import UUID

from django.db.models import Avg, F

from conversations.models import Message
from conversations.replies import queue
from conversations.states import State
from inference import presence
from inference.events.client import blocking_client

FRESH_S = 0.5  # one look at the queue serves all who wait in this process
NEWCOMER_S = 0.05  # but for those it has not seen
MOST_SHOWN = 1000
RECENT = 20  # replies whose duration tells how long one takes


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reply that waits, in the order of ``queue.waiting``."""

    reply: UUID
    person: int
    served_at: datetime | None  # when the person was last served
    most: int  # it is not taken while the person has as many in writing


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reply stands: replies taken before it, and about how many seconds until it is taken, if that is known."""

    ahead: int
    wait_s: int | None


def play(waiting: Sequence[Waiting], running: Sequence[int], slots: int) -> list[UUID]:
    """The waiting replies in the order they will be taken.

    ``running`` holds the person of each reply in writing, the oldest first; the oldest is taken to end first.
    """
    turns = _Turns(waiting, running)
    order: list[UUID] = []
    while turns.has_waiting:
        while len(turns.running) >= max(1, slots):
            turns.end_oldest()
        taken = turns.take()
        if taken is None:
            turns.end_oldest()
        else:
            order.append(taken)
    return order


class _Turns:
    def __init__(self, waiting: Sequence[Waiting], running: Sequence[int]) -> None:
        self.running = list(running)
        self._busy = Counter(running)
        self._of: dict[int, list[Waiting]] = {}
        self._rank: dict[int, tuple[int, float, int]] = {}
        for index, one in enumerate(waiting):
            self._of.setdefault(one.person, []).append(one)
            served = one.served_at.timestamp() if one.served_at else 0.0
            self._rank.setdefault(one.person, (0, served, index))
        self._now = 0

    @property
    def has_waiting(self) -> bool:
        return bool(self._of)

    def end_oldest(self) -> None:
        self._busy[self.running.pop(0)] -= 1

    def take(self) -> UUID | None:
        allowed = [person for person, theirs in self._of.items() if self._busy[person] < theirs[0].most]
        if not allowed:
            return None
        person = min(allowed, key=lambda one: (self._busy[one], self._rank[one]))
        self._now += 1
        self._busy[person] += 1
        self._rank[person] = (1, float(self._now), 0)
        self.running.append(person)
        reply = self._of[person].pop(0).reply
        if not self._of[person]:
            del self._of[person]
        return reply


@dataclass(slots=True)
class _Look:
    """The last look at one model's queue."""

    at: float = float("-inf")
    places: dict[UUID, Place] = field(default_factory=dict)


@cache
def _look(model: str) -> _Look:
    return _Look()


def place(reply: UUID, model: str) -> Place:
    """Where a waiting reply stands; at most half a second old. Raises RedisError while Redis is away."""
    look = _look(model)
    if time.monotonic() - look.at > (FRESH_S if reply in look.places else NEWCOMER_S):
        look.places = _places(model)
        look.at = time.monotonic()
    return look.places.get(reply, Place(0, None))


def _places(model: str) -> dict[UUID, Place]:
    columns = ("pk", "conversation__owner", "conversation__owner__served_at", "most")
    rows = queue.waiting(model, lapsed=True).values_list(*columns)
    waiting = [Waiting(*row) for row in rows[:MOST_SHOWN]]
    writing = Message.objects.filter(state=State.WRITING, model=model, lease_until__isnull=False)
    running = list(writing.order_by("started_at").values_list("conversation__owner", flat=True))
    slots = sum(one.slots for one in presence.engines(blocking_client()) if one.model == model)
    seconds = _seconds_each(model) if slots else None
    order = play(waiting, running, slots)
    free = max(0, slots - len(running))
    return {
        reply: Place(ahead, None if seconds is None else round(max(0, ahead - free + 1) * seconds / slots))
        for ahead, reply in enumerate(order)
    }


def _seconds_each(model: str) -> float | None:
    """How long a reply took lately, from its claim to its end."""
    ended = Message.objects.filter(model=model, finished_at__isnull=False, started_at__isnull=False)
    recent = ended.order_by("-finished_at")[:RECENT]
    took = recent.aggregate(took=Avg(F("finished_at") - F("started_at")))["took"]
    return took.total_seconds() if took else None

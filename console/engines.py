"""What the engine page shows: workers as they speak of themselves, replies in writing, the queue. No words of any."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from redis.exceptions import RedisError

from conversations.models import Message
from conversations.replies import places, queue
from conversations.states import State
from inference import presence, serving
from inference.events.client import blocking_client
from inference.presence import Presence

MOST_SHOWN = 50  # rows of a table


@dataclass(frozen=True, slots=True)
class Writing:
    """A reply in writing. ``silent``: its worker has let its lease lapse."""

    reply: UUID
    person: int
    name: str
    model: str
    attempt: int
    age: timedelta
    tokens: int
    silent: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reply that waits. ``begun``: a worker wrote some of it and let it go. ``wait_s`` is an estimate."""

    reply: UUID
    person: int
    name: str
    model: str
    age: timedelta
    begun: bool
    ahead: int
    wait_s: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """All of it at one moment. ``workers`` is None while Redis is away."""

    workers: list[Presence] | None
    models: list[str]
    writing: list[Writing]
    waiting: list[Waiting]
    writing_in_all: int
    waiting_in_all: int

    @property
    def by_model(self) -> list[tuple[str, list[Presence]]]:
        """The workers of each model; of one that is served and has none, nothing."""
        return [(name, [one for one in self.workers or () if one.model == name]) for name in self.models]

    @property
    def tokens_s(self) -> float:
        return sum(worker.tokens_s for worker in self.workers or ())


def standing() -> Standing:
    """How the engines and the queue stand now."""
    workers = _workers()
    served = serving.names()
    models = [*served, *sorted({worker.model for worker in workers or ()}.difference(served))]
    held = Message.objects.filter(state=State.WRITING, lease_until__isnull=False)
    free = Message.objects.unfinished().filter(queue.FREE)
    return Standing(
        workers=workers,
        models=models,
        writing=_writing(held),
        waiting=[one for model in models for one in _waiting(model, known=workers is not None)],
        writing_in_all=held.count(),
        waiting_in_all=free.count(),
    )


def _workers() -> list[Presence] | None:
    try:
        return presence.engines(blocking_client())
    except RedisError:
        return None


def _writing(held: Any) -> list[Writing]:
    rows = held.order_by("started_at").select_related("conversation__owner").defer("text", "reasoning")
    now = timezone.now()
    return [
        Writing(
            reply=row.pk,
            person=row.conversation.owner_id,
            name=row.conversation.owner.get_username(),
            model=row.model,
            attempt=row.attempt,
            age=_since(row.started_at, now),
            tokens=row.completion_tokens,
            silent=row.lease_until < now,
        )
        for row in rows[:MOST_SHOWN]
    ]


def _waiting(model: str, *, known: bool) -> list[Waiting]:
    columns = ("pk", "conversation__owner", "conversation__owner__username", "created_at", "state")
    rows = queue.waiting(model, lapsed=False).values_list(*columns)[:MOST_SHOWN]
    now = timezone.now()
    found = []
    for pk, person, name, created_at, state in rows:
        place = _place(pk, model) if known else places.Place(0, None)
        begun = state == State.WRITING
        found.append(Waiting(pk, person, name, model, _since(created_at, now), begun, place.ahead, place.wait_s))
    return sorted(found, key=lambda one: one.ahead)


def _place(reply: UUID, model: str) -> places.Place:
    try:
        return places.place(reply, model)
    except RedisError:
        return places.Place(0, None)


def _since(moment: datetime | None, now: datetime) -> timedelta:
    return max(timedelta(), now - moment) if moment else timedelta()

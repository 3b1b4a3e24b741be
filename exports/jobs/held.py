"""An export while one process makes it: who may, for how long, how far it is, and whether it is still wanted."""

import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from exports.jobs import problems
from exports.models import ExportJob

LEASE = timedelta(seconds=60)
BEAT_S = 1.0
MOST_ATTEMPTS = 3
LOOKED_AT = 50  # of those that wait

State = ExportJob.State
T = TypeVar("T")


class Lost(Exception):  # noqa: N818 - not a fault
    """Another process has it, or it was deleted: nothing of this attempt counts."""


class Cancelled(Exception):  # noqa: N818 - not a fault
    """Its owner wants it no more."""


def claim(only: ExportJob | None = None) -> ExportJob | None:
    """The oldest that waits, or whose process went silent, of a person for whom none is being made; now it is ours."""
    lapsed = Q(state=State.RUNNING, lease_until__lt=Now())
    open_ones = ExportJob.objects.filter(Q(state=State.WAITING) | lapsed)
    open_ones = open_ones.filter(pk=only.pk) if only else open_ones
    for job in open_ones.order_by("created_at", "pk")[:LOOKED_AT]:
        row = ExportJob.objects.filter(pk=job.pk, state=job.state, attempt=job.attempt)
        if job.attempt >= MOST_ATTEMPTS:
            row.update(state=State.FAILED, problem=problems.INTERRUPTED, finished_at=Now())
        elif _is_taken(row):
            taken: ExportJob = ExportJob.objects.select_related("owner", "schedule", "since").get(pk=job.pk)
            return taken
    return None


def _is_taken(row: Any) -> bool:
    try:
        with transaction.atomic():
            fresh = {"done": 0, "root": "", "expires_at": None}
            taken: int = row.update(
                state=State.RUNNING, attempt=F("attempt") + 1, started_at=Now(), lease_until=Now() + LEASE, **fresh
            )
    except IntegrityError:  # one at a time of each person
        return False
    return bool(taken)


class Held:
    """A claim. What is said of the job counts only as long as it is ours."""

    def __init__(self, job: ExportJob) -> None:
        self.job = job
        self._row = ExportJob.objects.filter(pk=job.pk, state=State.RUNNING, attempt=job.attempt)
        self._done = 0
        self._beaten_at = time.monotonic()

    def over(self, found: Iterable[T]) -> Iterator[T]:
        """The same, counted. Raises Lost or Cancelled."""
        for one in found:
            self._done += 1
            self.beat()
            yield one

    def beat(self) -> None:
        """Hold on to it, once a second at most. Raises Lost or Cancelled."""
        if time.monotonic() - self._beaten_at < BEAT_S:
            return
        self._beaten_at = time.monotonic()
        self.say(done=self._done, lease_until=Now() + LEASE)
        if self._row.filter(cancel_requested=True).exists():
            raise Cancelled

    def say(self, **values: Any) -> None:
        """Raises Lost."""
        if not self._row.update(**values):
            raise Lost

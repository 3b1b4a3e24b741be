"""The queue as ``/metrics`` and the console see it: a few numbers a model, from the rows, by one query."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import DatabaseError
from django.db.models import Count, DurationField, ExpressionWrapper, Min, Q
from django.db.models.functions import Now
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from conversations.models import Message
from conversations.replies.queue import FREE, LAPSED
from conversations.states import State
from inference import serving

log = logging.getLogger(__name__)

_HELD = Q(state=State.WRITING, lease_until__gte=Now())


@dataclass(frozen=True, slots=True)
class Backlog:
    """One model's queue. ``oldest`` is how long the reply that waits longest has waited since it was sent."""

    model: str
    waiting: int = 0
    writing: int = 0
    lapsed: int = 0  # in writing, but their worker is silent
    oldest: timedelta = timedelta()


def backlogs() -> list[Backlog]:
    """Each model's queue: those of all served ones, and any other that replies still wait for."""
    counts: dict[str, Any] = {
        "waiting": Count("pk", filter=FREE),
        "writing": Count("pk", filter=_HELD),
        "lapsed": Count("pk", filter=LAPSED),
        "oldest": ExpressionWrapper(Now() - Min("created_at", filter=FREE), output_field=DurationField()),
    }
    rows: Any = Message.objects.unfinished().order_by().values("model").annotate(**counts)
    found = {row["model"]: Backlog(**row | {"oldest": row["oldest"] or timedelta()}) for row in rows}
    return list(({name: Backlog(name) for name in serving.names()} | found).values())


class QueueCollector(Collector):
    """Looks at the queue at each scrape. Silent while the database is away."""

    def collect(self) -> Iterator[Metric]:
        replies = GaugeMetricFamily(
            "chatsite_queue_replies",
            "Replies that are not finished: waiting, writing, or lapsed (their worker is silent).",
            labels=["model", "state"],
        )
        oldest = GaugeMetricFamily(
            "chatsite_queue_oldest_seconds", "How long the reply that waits longest has waited.", labels=["model"]
        )
        try:
            found = backlogs()
        except DatabaseError as error:
            log.warning("The queue cannot be counted: %s", error)
            return
        for one in found:
            for state in ("waiting", "writing", "lapsed"):
                replies.add_metric([one.model, state], getattr(one, state))
            oldest.add_metric([one.model], one.oldest.total_seconds())
        yield replies
        yield oldest

"""The sweeper: rows are the queue, so whatever waits gets a ticket again, whoever lost it."""

import time

from django.db import DatabaseError
from django.db.models import Count

from conversations import metrics
from conversations.models import Message
from conversations.replies.queue import FREE, HEARTBEAT_S, LAPSED
from conversations.replies.tickets import queue_ticket, tickets_waiting

TICKETS_AT_ONCE = 64

_database_failed_at = float("-inf")


def sweep() -> None:
    """Queue tickets for queued replies, and for replies whose lease lapsed.

    After a database outage every lease looks lapsed although its worker lives, so lapsed replies are left alone until
    the database has answered for one whole heartbeat.
    """
    global _database_failed_at  # noqa: PLW0603 - what this process saw of the database
    try:
        found = _waiting()
    except DatabaseError:
        _database_failed_at = time.monotonic()
        raise
    steady = time.monotonic() - _database_failed_at > 2 * HEARTBEAT_S
    for model, free, lapsed in found:
        missing = free + lapsed - tickets_waiting(model)
        for index in range(min(missing, TICKETS_AT_ONCE)):
            queue_ticket(model, lapsed=steady and index < lapsed)
            metrics.TICKETS_REPLACED.inc()
    metrics.SWEEPS.inc()


def _waiting() -> list[tuple[str, int, int]]:
    """Per model: replies that are free to claim, and replies whose lease lapsed."""
    ours = Message.objects.unfinished().order_by().values_list("model")
    free = Count("pk", filter=FREE)
    lapsed = Count("pk", filter=LAPSED)
    return list(ours.annotate(free=free, lapsed=lapsed))

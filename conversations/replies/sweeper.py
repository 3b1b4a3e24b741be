"""The sweeper: rows are the queue, so whatever waits gets a ticket again, whoever lost it."""

import logging
import time

from django.db import DatabaseError
from django.db.models import Count

from conversations import metrics
from conversations.models import Message
from conversations.replies.queue import FREE, HEARTBEAT_S, LAPSED, let_go_of_lapsed
from conversations.replies.tickets import queue_ticket, tickets_waiting

TICKETS_AT_ONCE = 64

log = logging.getLogger(__name__)

_database_failed_at = float("-inf")


def sweep() -> None:
    """Make silent workers let go of their replies, and queue tickets for all that waits with none.

    No worker takes a lapsed reply by itself: after a database outage every lease looks lapsed although its worker
    lives, so they are left alone until the database has answered here for two heartbeats. Once let go of, they are the
    first that is claimed, by whichever ticket: one of their own would wait behind all others, and behind every reply
    that a busy worker writes without a new ticket.
    """
    global _database_failed_at  # noqa: PLW0603 - what this process saw of the database
    try:
        found = _waiting(steady=time.monotonic() - _database_failed_at > 2 * HEARTBEAT_S)
    except DatabaseError:
        _database_failed_at = time.monotonic()
        raise
    for model, free in found:
        for _ in range(min(free - tickets_waiting(model), TICKETS_AT_ONCE)):
            queue_ticket(model)
            metrics.TICKETS_REPLACED.inc()
    metrics.SWEEPS.inc()


def _waiting(*, steady: bool) -> list[tuple[str, int]]:
    """Per model, how many replies are free to claim; of silent workers too, if the database is ``steady``."""
    ours = Message.objects.unfinished().order_by().values_list("model")
    found = ours.annotate(free=Count("pk", filter=FREE), lapsed=Count("pk", filter=LAPSED))
    return [(model, free + (_let_go(model) if steady and lapsed else 0)) for model, free, lapsed in found]


def _let_go(model: str) -> int:
    lapsed = let_go_of_lapsed(model)
    metrics.LAPSES.inc(lapsed)
    if lapsed:
        log.warning("%d replies of %s go on elsewhere: their worker is silent.", lapsed, model)
    return lapsed

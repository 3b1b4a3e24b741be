"""The queue of replies: the rows themselves, in fair order. Celery's messages are only tickets that say there is work.

A claim is a conditional UPDATE whose row count decides, on the database's clock. Order: first replies that a worker let
go or whose lease lapsed; then those of the person with the fewest replies in writing, of these the one who was served
longest ago; then the oldest. Nobody has more than ``settings.REPLIES_AT_ONCE`` in writing.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Now

from accounts.models import User
from conversations import problems
from conversations.models import Message
from conversations.states import State

LEASE = timedelta(seconds=6)
HEARTBEAT_S = 2.0  # how often a live reply's lease is renewed
BARREN_ATTEMPTS = 3  # in a row without a new byte, then the reply is given up

FREE = Q(state=State.QUEUED) | Q(state=State.WRITING, lease_until=None)  # never had a worker, or it let go
LAPSED = Q(state=State.WRITING, lease_until__lt=Now())


def waiting(model: str, *, lapsed: bool) -> QuerySet[Any]:
    """Replies a worker for ``model`` may claim, fairest first; with ``lapsed``, also those whose lease ran out.

    Each has ``fresh`` (0 for one that a worker has begun) and ``busy`` (replies of the same person in writing).
    """
    of_the_same_person = Message.objects.filter(
        state=State.WRITING, model=model, conversation__owner=OuterRef("conversation__owner")
    )
    writing = of_the_same_person.order_by().values("conversation__owner").annotate(n=Count("pk")).values("n")
    return (
        Message.objects.unfinished()  # by the index on state: few of all rows
        .filter(FREE | LAPSED if lapsed else FREE, model=model)
        .annotate(
            fresh=Case(When(state=State.WRITING, then=Value(0)), default=Value(1), output_field=IntegerField()),
            busy=Coalesce(Subquery(writing), 0),
        )
        .order_by("fresh", "busy", F("conversation__owner__served_at").asc(nulls_first=True), "created_at", "pk")
    )


def has_free(model: str) -> bool:
    """Whether some reply waits for the model; a cheap question before a claim that may be in vain."""
    return Message.objects.unfinished().filter(FREE, model=model).exists()


def claim(model: str, *, lapsed: bool = False) -> Message | None:
    """Take the fairest reply for this worker: its state is writing, its attempt one higher, its lease begins now.

    On the way, replies whose stop was requested become stopped and those that were barren too often failed.
    Returns None when nothing waits.
    """
    while True:
        with transaction.atomic():
            reply = waiting(model, lapsed=lapsed).select_for_update(skip_locked=True, of=("self",)).first()
            if reply is None or (reply.fresh and reply.busy >= settings.REPLIES_AT_ONCE):
                return None  # in this order, everyone after has as many in writing
            if not _is_over(reply) and _take(reply):
                return Message.objects.get(pk=reply.pk)


def _is_over(reply: Message) -> bool:
    if reply.stop_requested:
        end, problem = State.STOPPED, ""
    elif reply.barren >= BARREN_ATTEMPTS:
        end, problem = State.FAILED, problems.GAVE_UP
    else:
        return False
    _same(reply).update(state=end, problem=problem, finished_at=Now(), lease_until=None)
    return True


def _take(reply: Message) -> bool:
    changed = _same(reply).update(
        state=State.WRITING,
        attempt=F("attempt") + 1,
        barren=F("barren") + 1,
        lease_until=Now() + LEASE,
        started_at=Coalesce(F("started_at"), Now()),
    )
    User.objects.filter(conversations__messages=reply).update(served_at=Now())
    return changed == 1


def _same(reply: Message) -> QuerySet[Message]:
    return Message.objects.filter(pk=reply.pk, state=reply.state, attempt=reply.attempt)

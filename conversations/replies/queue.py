"""The queue of replies: the rows themselves, in fair order. Celery's messages are only tickets that say there is work.

A claim is a conditional UPDATE whose row count decides, on the database's clock. Order: first replies that a worker let
go of, or was made to; then those of the person with the fewest replies in writing, of these the one who was served
longest ago; then the oldest. Nobody has more in writing at once than the reply's ``at_once`` says, which is the
person's policy as it was sent.
"""

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from hashlib import sha256
from typing import Any, cast

from django.db import connection, transaction
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from accounts.models import User
from conversations import metrics
from conversations.models import Conversation, Message
from conversations.replies.turns import system_prompt
from conversations.states import State
from limits.clock import NOW

LEASE_S = 6
HEARTBEAT_S = 2.0  # how often a live reply's lease is renewed
MANY = 1_000_000  # in writing at once: no limit
BARREN_ATTEMPTS = 3  # in a row without a new byte, then the reply is given up

LEASE_UNTIL = {
    "sqlite": f"STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW', '+{LEASE_S} seconds')",
    "postgresql": f"STATEMENT_TIMESTAMP() + INTERVAL '{LEASE_S} seconds'",
}

FREE = Q(state=State.QUEUED) | Q(state=State.WRITING, lease_until=None)  # never had a worker, or it let go
LAPSED = Q(state=State.WRITING, lease_until__lt=Now())


def waiting(model: str, *, lapsed: bool) -> QuerySet[Any]:
    """Replies that wait for ``model``, fairest first; with ``lapsed``, also those whose lease ran out.

    Each has its ``person``, ``busy`` (that person's replies in writing), ``fresh`` (0 for one a worker has begun) and
    ``most`` (at so many in writing, a fresh one still waits).
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
            most=Coalesce(F("at_once"), Value(MANY)),
            person=F("conversation__owner"),
        )
        .order_by("fresh", "busy", F("conversation__owner__served_at").asc(nulls_first=True), "created_at", "pk")
    )


def has_free(model: str) -> bool:
    """Whether some reply waits for the model; a cheap question before a claim that may be in vain."""
    with connection.cursor() as cursor:
        cursor.execute(*_free_sql(model))
        return cursor.fetchone() is not None


@cache
def _free_sql(model: str) -> tuple[str, Any]:
    sql, parameters = Message.objects.unfinished().filter(FREE, model=model).values("pk")[:1].query.sql_with_params()
    return sql, parameters


def let_go_of_lapsed(model: str) -> int:
    """Make workers that went silent let go of their replies, which are claimed before all that wait; how many.

    One that renews its lease in the same moment keeps it.
    """
    return Message.objects.filter(LAPSED, model=model).update(lease_until=None)


def claim(model: str, *, engine: str = "", system: str = "") -> Message | None:
    """Take the fairest reply for this worker: its state is writing, its attempt one higher, its lease begins now.

    ``engine`` and ``system`` (what the catalog tells the model first) are what it is written with: its row says so.

    It may be one that only waits for its end: a stop was requested, or ``gives_up`` says so. Returns None when nothing
    waits.
    """
    while True:
        with _locking():
            reply = _fairest(model)
            if reply is None:
                return None
            if _take(reply, engine, system):
                metrics.claimed(reply)
                return cast("Message", reply)


def _locking() -> AbstractContextManager[Any]:
    """A transaction, where rows can be locked. Elsewhere (SQLite) it would lock everyone out; the row count decides."""
    return transaction.atomic() if connection.features.has_select_for_update else nullcontext()


def gives_up(reply: Message) -> bool:
    """Whether the attempts before this one were in vain too often in a row."""
    return reply.barren > BARREN_ATTEMPTS


def _fairest(model: str) -> Any:
    """The first of ``waiting`` that may be taken now, locked; or None."""
    return next(iter(Message.objects.raw(*_fairest_sql(model))), None)


@cache
def _fairest_sql(model: str) -> tuple[str, Any]:
    """Built once: that takes Django ten times as long as the database takes to answer."""
    may_be_taken = waiting(model, lapsed=False).filter(Q(fresh=0) | Q(busy__lt=F("most")))
    query = may_be_taken.select_for_update(skip_locked=True, of=("self",))[:1].query
    sql, parameters = query.sql_with_params()
    return sql, parameters


def _take(reply: Any, engine: str, system: str) -> bool:
    """Make it this worker's: in the database and, but for the lease, in the object.

    First its person, whose row others then wait for, so that what is in writing is counted when they have done; last
    what would leave nobody's reply with a lease if the other failed.
    """
    now, lease_until = NOW[connection.vendor], LEASE_UNTIL[connection.vendor]
    take = (
        f"UPDATE {Message._meta.db_table} SET state = %s, attempt = attempt + 1, barren = barren + 1,"  # noqa: S608 - no input
        " engine = %s, instructions_sha256 = %s,"
        f" lease_until = {lease_until}, started_at = COALESCE(started_at, {now})"
        " WHERE id = %s AND state = %s AND attempt = %s AND (%s = 0 OR %s > (SELECT COUNT(*)"
        f" FROM {Message._meta.db_table} AS one JOIN {Conversation._meta.db_table} AS talk"
        " ON talk.id = one.conversation_id WHERE talk.owner_id = %s AND one.state = %s AND one.model = %s))"
    )
    serve = f"UPDATE {User._meta.db_table} SET served_at = {now} WHERE id = %s"  # noqa: S608 - no input in it
    told = system_prompt(system, (reply.options or {}).get("instructions", ""))
    digest = sha256(told.encode()).hexdigest() if told else ""
    pk = Message._meta.pk.get_db_prep_value(reply.pk, connection)
    writing = State.WRITING.value
    may_be = [reply.fresh, reply.most, reply.person, writing, reply.model]
    with connection.cursor() as cursor:
        cursor.execute(serve, [reply.person])
        cursor.execute(take, [writing, engine, digest, pk, reply.state, reply.attempt, *may_be])
        if cursor.rowcount != 1:
            return False
    reply.state, reply.attempt, reply.barren = writing, reply.attempt + 1, reply.barren + 1
    reply.started_at = reply.started_at or timezone.now()
    return True

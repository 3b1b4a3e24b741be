"""How many requests and tokens a person has left now: what a program needs to know in order to go slower."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from limits.clock import MINUTE, MINUTE_AGO, NOW, moment
from limits.models import Restraint, Usage
from limits.policies import Limits, limits_of
from limits.quotas import Quota
from limits.standing import standing


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a minute. ``resets_at``: when the oldest of those that count no longer does, or now."""

    limit: int
    left: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class Headroom:
    """None: nothing limits it. ``tokens`` is the quota of which least is left."""

    requests: Rate | None
    tokens: Quota | None


def headroom(user_id: int) -> Headroom:
    """By two queries, and one more where there is a quota."""
    limits = limits_of(user_id)
    held = standing(user_id, limits)
    quotas = [quota for quota in (held.day, held.month) if quota]
    return Headroom(_rate(user_id, limits), min(quotas, key=lambda one: one.left, default=None))


def _rate(user_id: int, limits: Limits) -> Rate | None:
    """As ``ledger`` checks it: of who is slowed it is one a minute, whatever the policy says."""
    limit = limits.requests_per_minute
    count, oldest, newest, slowed = _lately(user_id, 1 if limit is None else limit)
    if slowed:
        limit, count, oldest = (1, count, newest) if limit is None else (min(1, limit), min(1, count), newest)
    if limit is None:
        return None
    return Rate(limit, limit - count, moment(oldest) + MINUTE if oldest else timezone.now())


def _lately(user_id: int, most: int) -> Any:
    """Of the last minute's requests, the newest ``most``: how many, the oldest of them, the newest; and whether the
    person is slowed."""
    now = NOW[connection.vendor]
    ask = (
        "SELECT COUNT(*), MIN(reserved_at), MAX(reserved_at),"  # noqa: S608 - no input in it
        f" EXISTS (SELECT 1 FROM {Restraint._meta.db_table} AS one WHERE one.user_id = %s AND one.lifted_at IS NULL"
        f" AND one.kind = '{Restraint.Kind.SLOW.value}' AND (one.until IS NULL OR one.until > {now}))"
        f" FROM (SELECT reserved_at FROM {Usage._meta.db_table}"
        f" WHERE user_id = %s AND reserved_at > {MINUTE_AGO[connection.vendor]}"
        " ORDER BY reserved_at DESC LIMIT %s) AS lately"
    )
    with connection.cursor() as cursor:
        cursor.execute(ask, [user_id, user_id, most])
        return cursor.fetchone()

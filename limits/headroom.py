"""How many requests and tokens a person has left now: what a program needs to know in order to go slower."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils import timezone

from limits.clock import MINUTE, MINUTE_AGO, moment
from limits.models import Usage
from limits.policies import Limits, limits_of
from limits.quotas import Quota
from limits.standing import standing


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a minute. ``resets_at``: when the oldest of the last minute no longer counts, or now."""

    limit: int
    left: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class Headroom:
    """None: nothing limits it. ``tokens`` is the quota of which least is left."""

    requests: Rate | None
    tokens: Quota | None


def headroom(user_id: int) -> Headroom:
    """By one query, and one more for each kind of limit that there is."""
    limits = limits_of(user_id)
    held = standing(user_id, limits)
    quotas = [quota for quota in (held.day, held.month) if quota]
    return Headroom(_rate(user_id, limits), min(quotas, key=lambda one: one.left, default=None))


def _rate(user_id: int, limits: Limits) -> Rate | None:
    limit = limits.requests_per_minute
    if limit is None:
        return None
    ask = (
        f"SELECT COUNT(*), MIN(reserved_at) FROM {Usage._meta.db_table}"  # noqa: S608 - no input in it
        f" WHERE user_id = %s AND reserved_at > {MINUTE_AGO[connection.vendor]}"
    )
    with connection.cursor() as cursor:
        cursor.execute(ask, [user_id])
        count, oldest = cursor.fetchone()
    return Rate(limit, max(0, limit - count), moment(oldest) + MINUTE if oldest else timezone.now())

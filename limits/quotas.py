"""Quotas: how many tokens a day and a month a person may use, of which windows, and what is left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import Group

from limits import refusals
from limits.clock import Span
from limits.policies import Limits
from limits.refusals import Code, OverLimit
from limits.windows import Held, Key

LEAST_REPLY = 64  # tokens; a shorter reply is not worth beginning, unless no longer one is allowed


@dataclass(frozen=True, slots=True)
class Quota:
    """Tokens of one day or month. ``pool`` is the group whose members share it; None: it is the person's own."""

    span: Span
    limit: int
    used: int
    reserved: int
    resets_at: datetime
    pool: int | None = None

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used - self.reserved)

    @property
    def shared(self) -> bool:
        return self.pool is not None


def keys(user_id: int, day: date, limits: Limits) -> dict[Span, Key]:
    """The windows that limit a person: those of the quotas there are."""
    return {
        span: Key(pool is not None, user_id if pool is None else pool, span, span.start(day))
        for span, limit, pool in _terms(limits)
        if limit is not None
    }


def quotas(user_id: int, day: date, limits: Limits, held: Mapping[Key, Held]) -> list[Quota]:
    """What there is of each quota. The month comes first: who is out of both waits for the month."""
    found = []
    limiting = keys(user_id, day, limits)
    for span, limit, pool in _terms(limits):
        if limit is not None:
            window = held.get(limiting[span])
            used, reserved = (window.used, window.reserved) if window else (0, 0)
            found.append(Quota(span, limit, used, reserved, span.resets_at(day), pool))
    return found


def refuse(quota: Quota) -> OverLimit:
    """The refusal of a message that needs more than is left."""
    code = Code.QUOTA_DAY if quota.span is Span.DAY else Code.QUOTA_MONTH
    pool = None if quota.pool is None else Group.objects.filter(pk=quota.pool).values_list("name", flat=True).first()
    return refusals.over_quota(code, allowed=quota.limit, left=quota.left, resets_at=quota.resets_at, pool=pool or "")


def _terms(limits: Limits) -> tuple[tuple[Span, int | None, int | None], ...]:
    return (
        (Span.MONTH, limits.tokens_per_month, limits.pool_month),
        (Span.DAY, limits.tokens_per_day, limits.pool_day),
    )

"""The ledger: what a reply may cost is reserved when it is sent, what it cost is settled when it ends.

All of it belongs in the caller's transaction, with the rows of the chat: nothing is reserved for a message that was not
saved, nothing ends twice. A person's windows are locked before anything is read that decides, so parallel sends come
one after another; which of several ends counts is decided by a conditional UPDATE's row count.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now
from django.db.transaction import TransactionManagementError

from limits import refusals, windows
from limits.clock import MINUTE, MINUTE_AGO, NOW, day_of, moment, stored
from limits.models import Restraint, Usage
from limits.policies import Limits
from limits.quotas import LEAST_REPLY, Quota, quotas, refuse
from limits.windows import keys_of

USAGE = Usage._meta.db_table
RESTRAINT = Restraint._meta.db_table
OUTCOMES = frozenset({"complete", "stopped", "cut", "blocked", "failed"})


def reserve(user_id: int, reply_id: UUID, model: str, prompt_tokens: int, limits: Limits) -> int:
    """Reserve what a reply may cost at most; the tokens it may have, at most ``limits.output_tokens``.

    They are fewer when fewer are left. Raises OverLimit, and has then changed nothing.
    """
    _require_transaction()
    now, slowed = _check_restraints(user_id)
    keys = keys_of(user_id, now.date(), limits.pool_day, limits.pool_month)
    held = windows.lock([*keys, windows.guard_of(user_id, now)])
    _check_rate(user_id, limits.requests_per_minute, slowed=slowed)
    granted = _grant(prompt_tokens, limits.output_tokens, quotas(user_id, now.date(), limits, held))
    _enter([_key(reply_id), user_id, model, stored(now.date()), prompt_tokens + granted], limits)
    windows.add([held[key] for key in keys], reserved=prompt_tokens + granted)
    return granted


def check(user_id: int, limits: Limits) -> None:
    """Raise OverLimit where ``reserve`` would now for a restraint or the rate. Holds no lock: a look, no promise."""
    _now, slowed = _check_restraints(user_id)
    _check_rate(user_id, limits.requests_per_minute, slowed=slowed)


def settle(reply_id: UUID, prompt_tokens: int, completion_tokens: int, outcome: str) -> bool:
    """The reply ended so: charge what it cost, in the windows of the day on which it was reserved.

    ``outcome`` is complete, stopped, cut, blocked or failed; the last two cost what the policy said at the time. Only
    the first end of a reservation counts; returns whether this was it.
    """
    if outcome not in OUTCOMES:
        raise ValueError(f"a reply cannot end {outcome!r}; expected one of {', '.join(sorted(OUTCOMES))}")
    entry = _open_entry(reply_id)
    if entry is None:
        return False
    free = (outcome == "failed" and not entry.charge_failed) or (outcome == "blocked" and not entry.charge_blocked)
    charged = 0 if free else prompt_tokens + completion_tokens
    return _close(entry, Usage.State.SETTLED, [outcome, prompt_tokens, completion_tokens, charged])


def release(reply_id: UUID) -> bool:
    """The reply was never begun: nothing is charged. Returns whether anything was still reserved for it."""
    entry = _open_entry(reply_id)
    return entry is not None and _close(entry, Usage.State.RELEASED, ["", 0, 0, 0])


def unsettled(older_than: timedelta) -> list[UUID]:
    """Replies whose reservation has been open for longer than this, the oldest first."""
    rows = Usage.objects.filter(state=Usage.State.RESERVED, reserved_at__lt=Now() - older_than)
    return list(rows.order_by("reserved_at").values_list("reply", flat=True))


class _Entry(NamedTuple):
    """A reservation that is open. These columns never change."""

    reply: Any
    user: int | None
    day: Any
    pool_day: int | None
    pool_month: int | None
    reserved: int
    charge_failed: bool
    charge_blocked: bool


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise TransactionManagementError("The ledger changes only inside a transaction, with the rows it is about.")


def _check_restraints(user_id: int) -> tuple[datetime, bool]:
    """The time, and whether the person was slowed. Raises OverLimit when they were suspended."""
    now = NOW[connection.vendor]
    ask = (
        f"SELECT {now}, one.kind, one.until FROM (SELECT 1 AS here) AS here"  # noqa: S608 - no input in it
        f" LEFT JOIN {RESTRAINT} AS one ON one.user_id = %s AND one.lifted_at IS NULL"
        f" AND (one.until IS NULL OR one.until > {now})"
    )
    with connection.cursor() as cursor:
        cursor.execute(ask, [user_id])
        rows = cursor.fetchall()
    ends = [until for _, kind, until in rows if kind == Restraint.Kind.SUSPEND]
    if ends:
        raise refusals.suspended(None if None in ends else max(moment(until) for until in ends))
    return moment(rows[0][0]), any(kind == Restraint.Kind.SLOW for _, kind, _ in rows)


def _check_rate(user_id: int, allowed: int | None, *, slowed: bool) -> None:
    """Raise OverLimit when as many replies as are allowed were reserved in the last 60 seconds."""
    if slowed:
        allowed = 1 if allowed is None else min(1, allowed)
    if allowed is None:
        return
    if allowed == 0:
        raise refusals.too_many(0, None, slowed=slowed)
    ask = (
        f"SELECT reserved_at FROM {USAGE} WHERE user_id = %s"  # noqa: S608 - no input in it
        f" AND reserved_at > {MINUTE_AGO[connection.vendor]} ORDER BY reserved_at DESC LIMIT 1 OFFSET %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(ask, [user_id, allowed - 1])
        if row := cursor.fetchone():
            raise refusals.too_many(allowed, moment(row[0]) + MINUTE, slowed=slowed)


def _grant(prompt_tokens: int, wanted: int, limiting: Sequence[Quota]) -> int:
    least = min(wanted, LEAST_REPLY)
    for quota in limiting:
        if quota.left < prompt_tokens + least:
            raise refuse(quota)
    return min([wanted, *(quota.left - prompt_tokens for quota in limiting)])


def _enter(entry: list[Any], limits: Limits) -> None:
    """``entry``: reply, person, model, day, tokens reserved."""
    enter = (
        f"INSERT INTO {USAGE} (reply, user_id, model, day, reserved, state, outcome, reserved_at, prompt_tokens,"  # noqa: S608
        " completion_tokens, charged, charge_failed, charge_blocked, pool_day_id, pool_month_id)"
        f" VALUES (%s, %s, %s, %s, %s, 'reserved', '', {NOW[connection.vendor]}, 0, 0, 0, %s, %s, %s, %s)"
    )
    terms = [limits.charge_failed, limits.charge_blocked, limits.pool_day, limits.pool_month]
    with connection.cursor() as cursor:
        cursor.execute(enter, [*entry, *terms])


def _open_entry(reply_id: UUID) -> _Entry | None:
    _require_transaction()
    ask = (
        "SELECT reply, user_id, day, pool_day_id, pool_month_id, reserved, charge_failed, charge_blocked"  # noqa: S608
        f" FROM {USAGE} WHERE reply = %s AND state = 'reserved'"
    )
    with connection.cursor() as cursor:
        cursor.execute(ask, [_key(reply_id)])
        row = cursor.fetchone()
    return _Entry(*row) if row else None


def _close(entry: _Entry, state: Usage.State, ended: list[Any]) -> bool:
    """Who wins the UPDATE moves the sums. ``ended``: outcome, prompt tokens, completion tokens, tokens charged."""
    close = (
        f"UPDATE {USAGE} SET state = %s, outcome = %s, prompt_tokens = %s, completion_tokens = %s, charged = %s,"  # noqa: S608
        f" settled_at = {NOW[connection.vendor]} WHERE reply = %s AND state = 'reserved'"
    )
    with connection.cursor() as cursor:
        cursor.execute(close, [state.value, *ended, _key(entry.reply)])
        if cursor.rowcount != 1:
            return False
    held = windows.lock(keys_of(entry.user, day_of(entry.day), entry.pool_day, entry.pool_month))
    windows.add(held.values(), reserved=-entry.reserved, used=ended[-1])
    return True


def _key(reply_id: Any) -> Any:
    return Usage._meta.pk.get_db_prep_value(reply_id, connection)

"""Field by field: which of the policies that hold now says what a person may do.

Of several rows of one scope the newest that says something counts. A person's own rows go before those of their groups,
these before the default's, these before the site's settings. Of several groups the most generous counts.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from limits.fields import ALL, UNLIMITED
from limits.models import Policy


class Row(NamedTuple):
    """A policy that holds now."""

    id: int
    user: int | None
    group: int | None
    shared: bool
    values: Sequence[Any]


class Said(NamedTuple):
    """What holds for one field, and the row that says so; None: the site's settings."""

    value: Any
    row: Row | None
    pool: int | None = None  # the group whose members share it


def _greatest(said: list[Said]) -> Said:
    return max(said, key=lambda one: one.value)


def _greatest_or_own(said: list[Said]) -> Said:
    return max(said, key=lambda one: (one.value, one.pool is None))


def _least(said: list[Said]) -> Said:
    return min(said, key=lambda one: one.value)


def _union(said: list[Said]) -> Said:
    return Said(sorted({name for one in said for name in one.value}), said[0].row)


@dataclass(frozen=True, slots=True)
class Limit:
    """How one field is resolved: what holds when no row says, and which of several groups' values is most generous."""

    field: str
    fallback: Callable[[], Any] = lambda: UNLIMITED
    generous: Callable[[list[Said]], Said] = _greatest
    read: Callable[[Any], Any] = int  # what raw SQL gave


LIMITS = (
    Limit("prompt_chars", lambda: settings.PROMPT_CHARS),
    Limit("prompt_tokens"),
    Limit("conversation_turns"),
    Limit("conversation_tokens"),
    Limit("output_tokens", lambda: settings.REPLY_TOKENS),
    Limit("requests_per_minute"),
    Limit("replies_at_once", lambda: settings.REPLIES_AT_ONCE),
    Limit("tokens_per_day", generous=_greatest_or_own),
    Limit("tokens_per_month", generous=_greatest_or_own),
    Limit("models", lambda: [ALL], _union, json.loads),
    Limit("may_share", lambda: True, read=bool),
    Limit("may_use_api", lambda: True, read=bool),
    Limit("may_export", lambda: True, read=bool),
    Limit("may_export_reasoning", lambda: True, read=bool),
    Limit("redact_emails", lambda: False, _least, bool),
    Limit("redact_phones", lambda: False, _least, bool),
    Limit("may_set_instructions", lambda: True, read=bool),
    Limit("may_set_parameters", lambda: True, read=bool),
    Limit("charge_failed", lambda: False, _least, bool),
    Limit("charge_blocked", lambda: True, _least, bool),
    Limit("slow_after"),
    Limit("suspend_after"),
)


def resolved(user_id: int) -> list[Said]:
    """What holds for a person, in the order of ``LIMITS``, by one query."""
    rows = _rows(user_id)
    if not rows:
        return [Said(limit.fallback(), None) for limit in LIMITS]
    levels = _levels(rows)
    columns = zip(*(row.values for row in rows), strict=True)
    return [
        Said(limit.fallback(), None) if column.count(None) == len(rows) else _resolve(index, limit, levels)
        for index, (limit, column) in enumerate(zip(LIMITS, columns, strict=True))
    ]


def _rows(user_id: int) -> list[Row]:
    """The policies that hold now for a person, the newest first."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_rows_sql(), [user_id, now, now, user_id, now, now, now, now])
        return [Row(pk, user, group, shared, values) for _, pk, user, group, shared, *values in cursor.fetchall()]


@cache
def _rows_sql() -> str:
    """Three questions: asked as one, with OR, they would be answered by reading all policies."""
    policies, membership = Policy._meta.db_table, get_user_model().groups.through._meta.db_table
    columns = ", ".join(f'"{limit.field}"' for limit in LIMITS)
    scopes = (
        "user_id = %s",
        f"group_id IN (SELECT group_id FROM {membership} WHERE user_id = %s)",  # noqa: S608 - no input in it
        "user_id IS NULL AND group_id IS NULL",
    )
    holding = f"SELECT valid_from, id, user_id, group_id, shared_pool, {columns} FROM {policies}"  # noqa: S608
    now = "valid_from <= %s AND (valid_until IS NULL OR valid_until > %s)"
    asked = " UNION ALL ".join(f"{holding} WHERE {scope} AND {now}" for scope in scopes)
    return f"{asked} ORDER BY valid_from DESC, id DESC"


def _levels(rows: list[Row]) -> list[list[list[Row]]]:
    """The most specific level first; in each, the rows of each subject together."""
    own, default = [], []
    groups: dict[int, list[Row]] = {}
    for row in rows:
        if row.user is not None:
            own.append(row)
        elif row.group is not None:
            groups.setdefault(row.group, []).append(row)
        else:
            default.append(row)
    return [level for level in ([own], list(groups.values()), [default]) if any(level)]


def _resolve(index: int, limit: Limit, levels: list[list[list[Row]]]) -> Said:
    for level in levels:
        said = [one for rows in level if (one := _newest(index, limit, rows))]
        if said:
            return said[0] if len(said) == 1 else limit.generous(said)
    return Said(limit.fallback(), None)


def _newest(index: int, limit: Limit, rows: list[Row]) -> Said | None:
    for row in rows:
        if row.values[index] is not None:
            value = limit.read(row.values[index])
            pooled = row.shared and limit.generous is _greatest_or_own and value != UNLIMITED
            return Said(value, row, row.group if pooled else None)
    return None

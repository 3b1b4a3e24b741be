"""Windows: what a person, or a group that shares a pool, used and has reserved in one day or month.

They are locked in one order, so that nobody waits in a ring: the person's months, the person's day, then the pools by
the number of their group. SQLite locks the whole database instead.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from django.db import connection

from limits.clock import MINUTE, Span, day_of, stored
from limits.models import Window

TABLE = Window._meta.db_table


class Key(NamedTuple):
    """Whose window of which time. ``subject`` is the id of a person, or of a group."""

    is_pool: bool
    subject: int
    span: Span
    start: date


class Held(NamedTuple):
    """A window as it is, locked if it was asked for so."""

    id: int
    key: Key
    reserved: int
    used: int


def keys_of(user: int | None, day: date, pool_day: int | None, pool_month: int | None) -> list[Key]:
    """The windows that a reply of this day counts in."""
    found = []
    if user is not None:
        found = [Key(False, user, span, span.start(day)) for span in (Span.MONTH, Span.DAY)]
    pools = ((pool_month, Span.MONTH), (pool_day, Span.DAY))
    return found + [Key(True, group, span, span.start(day)) for group, span in pools if group is not None]


def guard_of(user: int, now: datetime) -> Key:
    """The window that all who send as this person at this moment lock, even if for some it was another month."""
    return Key(False, user, Span.MONTH, Span.MONTH.start((now - MINUTE).date()))


def lock(keys: Iterable[Key]) -> dict[Key, Held]:
    """Lock these windows until the transaction ends; those that are not there yet are made."""
    wanted = sorted(set(keys), key=lambda key: (key.is_pool, key.subject, key.span is Span.DAY, key.start))
    found = look(wanted)
    if len(found) < len(wanted):
        return _make(wanted)
    return look(wanted, lock=True) if connection.features.has_select_for_update else found


def look(keys: Sequence[Key], *, lock: bool = False) -> dict[Key, Held]:
    """These windows, as far as they are there."""
    if not keys:
        return {}
    parameters = [part for key in keys for part in (key.subject, key.span.value, stored(key.start))]
    lock = lock and connection.features.has_select_for_update
    with connection.cursor() as cursor:
        cursor.execute(_look_sql(tuple(key.is_pool for key in keys), lock=lock), parameters)
        rows = cursor.fetchall()
    held = [
        Held(pk, _key(user, group, kind, start), reserved, used)
        for pk, user, group, kind, start, reserved, used in rows
    ]
    return {one.key: one for one in held}


def add(windows: Iterable[Held], *, reserved: int, used: int = 0) -> None:
    """Change locked windows. What is reserved never falls below nothing, whatever somebody did to the table."""
    ids = [one.id for one in windows]
    if not ids:
        return
    change = (
        f"UPDATE {TABLE} SET used = used + %s,"  # noqa: S608 - no input in it
        " reserved = CASE WHEN reserved + %s < 0 THEN 0 ELSE reserved + %s END"
        f" WHERE id IN ({', '.join(['%s'] * len(ids))})"
    )
    with connection.cursor() as cursor:
        cursor.execute(change, [used, reserved, reserved, *ids])


@cache
def _look_sql(pools: tuple[bool, ...], *, lock: bool) -> str:
    each = " OR ".join(f"({'group_id' if pool else 'user_id'} = %s AND kind = %s AND start = %s)" for pool in pools)
    return (
        f"SELECT id, user_id, group_id, kind, start, reserved, used FROM {TABLE} WHERE {each}"  # noqa: S608 - no input
        " ORDER BY group_id IS NOT NULL, COALESCE(user_id, group_id), kind DESC, start"
        + (" FOR UPDATE" if lock else "")
    )


def _make(keys: Sequence[Key]) -> dict[Key, Held]:
    """Make and lock one after the other: who made a window that we wait for must not wait for one we hold."""
    found: dict[Key, Held] = {}
    for key in keys:
        make = (
            f"INSERT INTO {TABLE} ({'group_id' if key.is_pool else 'user_id'}, kind, start, reserved, used)"  # noqa: S608
            " VALUES (%s, %s, %s, 0, 0) ON CONFLICT DO NOTHING"
        )
        with connection.cursor() as cursor:
            cursor.execute(make, [key.subject, key.span.value, stored(key.start)])
        found |= look([key], lock=True)
    return found


def _key(user: Any, group: Any, kind: str, start: Any) -> Key:
    subject = user if group is None else group
    return Key(group is not None, subject, Span(kind), day_of(start))

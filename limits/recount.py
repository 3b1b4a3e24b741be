"""The proof that windows are the sums of the ledger, and the repair when somebody changed one by hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, Sum

from limits import windows
from limits.clock import Span, day_of
from limits.models import Usage, Window
from limits.windows import Key

MONTH_OF = {"sqlite": "DATE(day, 'start of month')", "postgresql": "CAST(DATE_TRUNC('month', day) AS DATE)"}


@dataclass(frozen=True, slots=True)
class Difference:
    """A window that is not the sum of its rows: tokens (reserved, used) in the ledger and in the window."""

    key: Key
    ledger: tuple[int, int]
    window: tuple[int, int]

    def __str__(self) -> str:
        whose = f"{'group' if self.key.is_pool else 'person'} {self.key.subject}"
        sums = "the ledger has {} reserved and {} used, the window {} and {}".format(*self.ledger, *self.window)
        return f"{whose}, {self.key.span.value} {self.key.start}: {sums}"


def differences() -> list[Difference]:
    """All windows that are wrong, by one statement: replies that end meanwhile are in both sums or in neither."""
    with connection.cursor() as cursor:
        cursor.execute(_differences_sql())
        rows = cursor.fetchall()
    return [_difference(*row) for row in rows]


def repair(found: list[Difference]) -> int:
    """Put these windows right, each under its lock and from the ledger as it is then; how many were still wrong."""
    return sum(_put_right(one.key) for one in found)


@transaction.atomic
def _put_right(key: Key) -> bool:
    held = windows.lock([key])[key]
    right = _sums(key)
    Window.objects.filter(pk=held.id).update(reserved=right[0], used=right[1])
    return right != (held.reserved, held.used)


def _sums(key: Key) -> tuple[int, int]:
    """What the ledger has for one window: tokens reserved and used."""
    subject = {f"pool_{key.span.value}" if key.is_pool else "user": key.subject}
    rows = Usage.objects.filter(**subject, day__gte=key.start, day__lt=key.span.resets_at(key.start).date())
    found = rows.aggregate(reserved=Sum("reserved", filter=Q(state=Usage.State.RESERVED)), used=Sum("charged"))
    return int(found["reserved"] or 0), int(found["used"] or 0)


def _differences_sql() -> str:
    return (
        "SELECT subject_user, subject_group, kind, start, SUM(reserved) AS open, SUM(used) AS spent,"  # noqa: S608
        " SUM(reserved_there) AS open_there, SUM(used_there) AS spent_there"
        f" FROM ({' UNION ALL '.join([*_ledger_sums(), _window_sums()])}) AS sums"
        " GROUP BY subject_user, subject_group, kind, start"
        " HAVING SUM(reserved) <> SUM(reserved_there) OR SUM(used) <> SUM(used_there)"
        " ORDER BY subject_group IS NOT NULL, subject_user, subject_group, kind, start"
    )


def _ledger_sums() -> Iterator[str]:
    starts = {Span.DAY: "day", Span.MONTH: MONTH_OF[connection.vendor]}
    for span, start in starts.items():
        for column, subject in (("user_id", "user_id, NULL"), (f"pool_{span.value}_id", f"NULL, pool_{span.value}_id")):
            user, group = subject.split(", ")
            yield (
                f"SELECT CAST({user} AS BIGINT) AS subject_user, CAST({group} AS BIGINT) AS subject_group,"  # noqa: S608
                f" '{span.value}' AS kind, {start} AS start,"
                " SUM(CASE WHEN state = 'reserved' THEN reserved ELSE 0 END) AS reserved, SUM(charged) AS used,"
                f" 0 AS reserved_there, 0 AS used_there FROM {Usage._meta.db_table} WHERE {column} IS NOT NULL"
                f" GROUP BY {column}, {start}"
            )


def _window_sums() -> str:
    return f"SELECT user_id, group_id, kind, start, 0, 0, reserved, used FROM {windows.TABLE}"  # noqa: S608 - no input


def _difference(user: Any, group: Any, kind: str, start: Any, *sums: Any) -> Difference:
    reserved, used, reserved_there, used_there = map(int, sums)
    key = Key(group is not None, user if group is None else group, Span(kind), day_of(start))
    return Difference(key, (reserved, used), (reserved_there, used_there))

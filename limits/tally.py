"""Messages that were refused, counted by day and code: nothing of them is kept that could say more."""

from datetime import date

from django.db import connection
from django.db.models import Sum

from limits.models import Refusal

TODAY = {"sqlite": "DATE('NOW')", "postgresql": "(STATEMENT_TIMESTAMP() AT TIME ZONE 'UTC')::DATE"}


def count(code: str) -> None:
    """One more message was refused today, on the database's clock."""
    table = Refusal._meta.db_table
    upsert = (
        f"INSERT INTO {table} (day, code, messages) VALUES ({TODAY[connection.vendor]}, %s, 1)"  # noqa: S608 - no input
        f" ON CONFLICT (day, code) DO UPDATE SET messages = {table}.messages + 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(upsert, [code])


def by_day(first: date, last: date) -> dict[date, int]:
    """Messages refused on each day from first to last on which there were any."""
    rows = Refusal.objects.filter(day__range=(first, last)).values_list("day").annotate(refused=Sum("messages"))
    return dict(rows.order_by("day"))

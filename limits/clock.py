"""The database's clock, by which everything is measured: the machines that ask it may disagree."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

NOW = {"sqlite": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW')", "postgresql": "STATEMENT_TIMESTAMP()"}
MINUTE_AGO = {
    "sqlite": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW', '-60 seconds')",
    "postgresql": "STATEMENT_TIMESTAMP() - INTERVAL '60 seconds'",
}
MINUTE = timedelta(seconds=60)


class Span(TextChoices):
    """What a quota is for: a day or a month, in UTC."""

    DAY = "day", _("day")
    MONTH = "month", _("month")

    def start(self, day: date) -> date:
        """The first day of the span that ``day`` is in."""
        return day if self is Span.DAY else day.replace(day=1)

    def resets_at(self, day: date) -> datetime:
        """When the span that ``day`` is in ends."""
        after = (
            day + timedelta(days=1) if self is Span.DAY else (day.replace(day=1) + timedelta(days=31)).replace(day=1)
        )
        return datetime(after.year, after.month, after.day, tzinfo=UTC)


def moment(value: Any) -> datetime:
    """What a database gave for a moment: SQLite gives text, or a time without a zone, in UTC."""
    when = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def day_of(value: Any) -> date:
    """What a database gave for a day: SQLite gives text."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def stored(day: date) -> Any:
    """A day as raw SQL takes it."""
    return connection.ops.adapt_datefield_value(day)

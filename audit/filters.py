"""Filters and pages of the audit log that stay quick however long it is: none of them reads or counts all of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit.models import Entry
from audit.words import words

if TYPE_CHECKING:  # generic for the type checker only
    _Paginator = Paginator[Entry]
else:
    _Paginator = Paginator

MOST = 10_000  # entries that pages are made of; who looks for older ones narrows the time
MONTHS = 12
DAYS = (1, 7, 30)

# One step of the index for each action there is, instead of a look at every entry.
ACTIONS = """
    WITH RECURSIVE known(action) AS (
        SELECT MIN(action) FROM audit_entry
        UNION ALL
        SELECT (SELECT MIN(action) FROM audit_entry WHERE action > known.action) FROM known
        WHERE known.action IS NOT NULL
    )
    SELECT action FROM known WHERE action IS NOT NULL
"""


class ByAction(admin.SimpleListFilter):
    """What was done."""

    title = _("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute(ACTIONS)
            return [(action, words(action)) for (action,) in cursor.fetchall()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        return queryset.filter(action=self.value()) if self.value() else queryset


class ByTime(admin.SimpleListFilter):
    """The last days, or a month."""

    title = _("time")
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        days = [(str(n), ngettext("the last day", "the last %(n)d days", n) % {"n": n}) for n in DAYS]
        return days + [(f"{month:%Y-%m}", date_format(month, "YEAR_MONTH_FORMAT")) for month in _months()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        value = self.value()
        if not value or value not in dict(self.lookup_choices):
            return queryset
        if value.isdecimal():
            return queryset.filter(at__gte=timezone.now() - timedelta(days=int(value)))
        begins = datetime.strptime(value, "%Y-%m").replace(tzinfo=UTC)
        return queryset.filter(at__gte=begins, at__lt=_next(begins))


class Pages(_Paginator):
    """Pages of the newest entries that fit the filters."""

    @cached_property
    def count(self) -> int:
        return cast("QuerySet[Entry]", self.object_list)[:MOST].count()


def _months() -> Iterator[datetime]:
    """The beginnings of the months in which there may be entries, the newest first."""
    oldest = Entry.objects.order_by("at").values_list("at", flat=True).first()
    month = timezone.now().astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _number in range(MONTHS):
        if oldest is None or _next(month) <= oldest:
            return
        yield month
        month = (month - timedelta(days=1)).replace(day=1)


def _next(month: datetime) -> datetime:
    return (month + timedelta(days=32)).replace(day=1)

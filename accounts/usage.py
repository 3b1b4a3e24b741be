"""A person's own usage: what is left today and this month, what each day and each model took; as CSV too."""

import csv
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from accounts import chart
from limits.quotas import Quota
from limits.reports import By, Total, table, totals
from limits.standing import standing

DAYS = 30


@dataclass(frozen=True, slots=True)
class Span:
    """What was used in a day or a month, and the quota for it, if there is one."""

    title: str
    used: int
    replies: int
    quota: Quota | None

    @property
    def figure(self) -> str:
        return f"{self.used:,}"

    @property
    def taken(self) -> int:
        """Of the quota, with what is reserved for replies that are being written."""
        return self.quota.limit - self.quota.left if self.quota else 0

    @property
    def left(self) -> str:
        """A sentence about the quota."""
        if self.quota is None:
            return _("no limit")
        numbers = {"left": f"{self.quota.left:,}", "limit": f"{self.quota.limit:,}"}
        if self.quota.shared:
            return _("%(left)s of %(limit)s tokens left for your group") % numbers
        return _("%(left)s of %(limit)s tokens left") % numbers


@require_GET
@login_required
def usage(request: HttpRequest) -> HttpResponse:
    """The page."""
    user_id: Any = request.user.pk
    today = _today()
    first, month = today - timedelta(days=DAYS - 1), today.replace(day=1)
    days = totals(By.DAY, min(first, month), today, user=user_id)
    left = standing(user_id)
    context = {
        "spans": [
            _span(_("Today"), days[-1:], left.day),
            _span(_("This month"), [day for day in days if day.key >= month], left.month),
        ],
        "chart": _chart(days[-DAYS:]),
        "first": first,
        "models": [
            (row.name, f"{row.replies:,}", f"{row.charged:,}") for row in totals(By.MODEL, first, today, user=user_id)
        ],
    }
    return render(request, "account/usage.html", context)


@require_GET
@login_required
def usage_csv(request: HttpRequest) -> HttpResponse:
    """The same days as a file that a spreadsheet opens."""
    user_id: Any = request.user.pk
    today = _today()
    first = today - timedelta(days=DAYS - 1)
    name = f"usage-{first:%Y-%m-%d}-{today:%Y-%m-%d}.csv"
    response = HttpResponse(
        "\ufeff",  # spreadsheets take a file without this mark for Latin letters
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
    csv.writer(response).writerows(table(By.DAY, totals(By.DAY, first, today, user=user_id)))
    return response


def _today() -> date:
    return datetime.now(UTC).date()


def _span(title: str, days: list[Total], quota: Quota | None) -> Span:
    return Span(title, sum(day.charged for day in days), sum(day.replies for day in days), quota)


def _chart(days: list[Total]) -> chart.Chart:
    names = [day.name for day in days]
    return chart.bars({_("tokens"): [day.charged for day in days]}, names, _short)


def _short(tokens: float) -> str:
    """``950``, ``12k``, ``3.4M``."""
    if tokens >= 1_000_000:
        return pgettext("number of tokens", "%(n)sM") % {"n": f"{tokens / 1_000_000:.1f}".removesuffix(".0")}
    if tokens >= 1000:
        return pgettext("number of tokens", "%(n)sk") % {"n": f"{tokens / 1000:.1f}".removesuffix(".0")}
    return f"{tokens:.0f}" if tokens == round(tokens) else f"{tokens:.1f}"

"""The usage page for administrators: by person, group, model or day, over any period, with a chart and as CSV."""

import csv
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET

from accounts import chart
from audit.log import record
from console.names import PersonField
from console.roles import GROUPS
from console.templatetags.figures import short
from limits.reports import By, Total, table, totals

MOST_DAYS = 366
MOST_SHOWN = 200  # rows on the page; the file has all
MOST_BARS = 45
PERIODS = (7, 30, 90, 365)


class UsageForm(forms.Form):
    """What is asked for. Without anything: people, over the last 30 days."""

    by = forms.ChoiceField(
        label=pgettext_lazy("usage summed by person or day", "By"),
        required=False,
        choices=[
            (By.PERSON.value, gettext_lazy("person")),
            (By.GROUP.value, gettext_lazy("group")),
            (By.MODEL.value, gettext_lazy("model")),
            (By.DAY.value, gettext_lazy("day")),
        ],
    )
    since = forms.DateField(label=gettext_lazy("From"), required=False)
    until = forms.DateField(label=gettext_lazy("To"), required=False)
    person = PersonField(label=gettext_lazy("Person"), required=False)
    group = forms.ModelChoiceField(
        label=gettext_lazy("Group"), required=False, queryset=Group.objects.none(), empty_label=gettext_lazy("all")
    )
    model = forms.CharField(label=gettext_lazy("Model"), required=False, max_length=100)
    days: ClassVar = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def __init__(self, asked: Any) -> None:
        today = datetime.now(UTC).date()
        given = {"by": By.PERSON.value, "since": today - timedelta(days=29), "until": today}
        super().__init__({**given, **{name: value for name, value in asked.items() if value}})
        for name in ("since", "until"):
            self.fields[name].widget = self.days
        self.fields["group"].queryset = Group.objects.exclude(name__in=GROUPS.values()).order_by("name")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        asked = self.cleaned_data
        since, until = asked.get("since"), asked.get("until")
        if since and until and since > until:
            raise ValidationError({"until": _("It must not be before the first day.")})
        if since and until and (until - since).days >= MOST_DAYS:
            raise ValidationError({"since": _("At most %(days)d days at once.") % {"days": MOST_DAYS}})
        return asked

    def totals(self, by: By | None = None) -> list[Total]:
        """The sums asked for, or by something else in the same period."""
        asked = self.cleaned_data
        person, group = asked.get("person"), asked.get("group")
        of = {"user": person.pk if person else None, "group": group.pk if group else None, "model": asked["model"]}
        return totals(by or By(asked["by"]), asked["since"], asked["until"], **of)


@require_GET
@permission_required("limits.view_usage", raise_exception=True)
def usage(request: HttpRequest) -> HttpResponse:
    """The page."""
    form = UsageForm(request.GET)
    context = {**admin.site.each_context(request), "title": _("Usage"), "form": form, "periods": _periods(form)}
    if form.is_valid():
        rows, days = form.totals(), form.totals(By.DAY)
        context |= {
            "by": form["by"].value(),
            "rows": [(row, _page_of(form["by"].value(), row)) for row in rows[:MOST_SHOWN]],
            "all": len(rows),
            "shown": MOST_SHOWN,
            "whole": Total(None, _("In all"), *_sum(days)),
            "chart": usage_chart(days),
            "replies": replies_chart(days),
            "begins": date_format(days[0].key, "MONTH_DAY_FORMAT"),
            "ends": date_format(days[-1].key, "MONTH_DAY_FORMAT"),
            "csv": f"{reverse('admin:usage-csv')}?{request.GET.urlencode()}",
        }
    return render(request, "console/usage.html", context)


@require_GET
@permission_required("limits.view_usage", raise_exception=True)
def usage_csv(request: HttpRequest) -> HttpResponse:
    """The same as a file."""
    form = UsageForm(request.GET)
    if not form.is_valid():
        return HttpResponseBadRequest(form.errors.as_text(), content_type="text/plain; charset=utf-8")
    by, since, until = By(form.cleaned_data["by"]), form.cleaned_data["since"], form.cleaned_data["until"]
    record("usage.exported", actor=request.user, details={"by": by.value, "since": since, "until": until})
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")  # without the mark Excel guesses wrong
    answer["Content-Disposition"] = f'attachment; filename="usage-by-{by.value}-{since}-{until}.csv"'
    csv.writer(answer).writerows(table(by, form.totals()))
    return answer


def usage_chart(days: Sequence[Total]) -> chart.Chart:
    """Tokens of messages and replies; long periods in steps of several days."""
    names, steps = _steps(days)
    both = [sum(day.prompt_tokens + day.completion_tokens for day in some) for some in steps]
    replies = [sum(day.completion_tokens for day in some) for some in steps]
    return chart.bars({_("messages"): both, _("replies"): replies}, names, short)


def replies_chart(days: Sequence[Total]) -> chart.Chart:
    """How many replies; long periods in the same steps."""
    names, steps = _steps(days)
    return chart.bars({_("replies"): [sum(day.replies for day in some) for some in steps]}, names, short)


def _steps(days: Sequence[Total]) -> tuple[list[str], list[Sequence[Total]]]:
    step = -(-len(days) // MOST_BARS)
    steps = [days[at : at + step] for at in range(0, len(days), step)]
    return [date_format(some[0].key, "MONTH_DAY_FORMAT") for some in steps], steps


def _sum(days: Sequence[Total]) -> tuple[int, ...]:
    return tuple(
        sum(getattr(day, name) for day in days) for name in ("replies", "prompt_tokens", "completion_tokens", "charged")
    )


def _page_of(by: str, row: Total) -> str:
    if row.key is None or by in {By.MODEL, By.DAY}:
        return ""
    return reverse("admin:accounts_user_overview" if by == By.PERSON else "admin:auth_group_change", args=[row.key])


def _periods(form: UsageForm) -> list[tuple[str, date, date]]:
    """Usual periods up to today, to choose with one touch."""
    today = datetime.now(UTC).date()
    names = [(_("%(days)d days") % {"days": days}, today - timedelta(days=days - 1), today) for days in PERIODS]
    return [*names, (_("this month"), today.replace(day=1), today)]

"""The landing page: figures and charts, each leading to the page behind it, for what the person may view."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import chart
from audit.models import Entry
from console import overview
from console.navigation import Pages
from console.overview import Day, Fortnight, Moment
from console.templatetags.figures import grouped, milliseconds, short

CHANGES = 8  # of the audit log


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, what it is, and where it leads. ``asks``: somebody should look."""

    label: str
    value: str
    url: str
    note: str = ""
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart of the last days, and where it leads."""

    title: str
    chart: chart.Chart
    url: str


def context(request: HttpRequest) -> dict[str, Any]:
    """What the page shows this person."""
    now, past = overview.now(), overview.fortnight()
    may_view = Pages(request)
    return {
        "figures": list(_figures(may_view, now, past)),
        "charts": list(_charts(may_view, past)),
        "begins": date_format(past.days[0].day, "MONTH_DAY_FORMAT"),
        "changes": list(Entry.objects.order_by("-id")[:CHANGES]) if may_view.rows("audit.Entry") else None,
    }


def _figures(pages: Pages, now: Moment, past: Fortnight) -> Iterator[Figure]:
    if people := pages.rows("accounts.User"):
        yield Figure(_("People active today"), grouped(now.today.people), people, _of_people(past, now))
    if usage := pages.page("usage", "limits.view_usage"):
        yield Figure(_("Replies today"), grouped(now.today.replies), usage)
        yield Figure(_("Tokens today"), short(now.today.tokens), usage)
        yield Figure(_("Messages refused today"), grouped(now.today.refusals), usage)
    if incidents := pages.rows("moderation.Incident"):
        many = now.open_incidents > overview.MOST
        words = f"{overview.MOST}+" if many else grouped(now.open_incidents)
        yield Figure(_("Open incidents"), words, f"{incidents}?state=open", asks=now.open_incidents > 0)
        yield Figure(
            _("Messages blocked today"),
            grouped(now.blocked),
            f"{incidents}?state=all&where__exact=prompt&action__exact=block",
        )
    if restraints := pages.rows("limits.Restraint"):
        yield Figure(_("People slowed or suspended"), grouped(now.restrained), f"{restraints}?holds=now")
    yield from _of_engine(now, pages.page("engine"))


def _of_people(past: Fortnight, now: Moment) -> str:
    words = {"week": past.people_in_7, "all": now.people}
    return ngettext("%(week)d in 7 days, of %(all)d", "%(week)d in 7 days, of %(all)d", past.people_in_7) % words


def _of_engine(now: Moment, engine: str) -> Iterator[Figure]:
    yield Figure(_("Half of replies begin within"), milliseconds(now.hour.p50_ms), engine, _("in the last hour"))
    yield Figure(_("95 of 100 replies begin within"), milliseconds(now.hour.p95_ms), engine, _("in the last hour"))
    writing = _("%(number)s in writing") % {"number": grouped(now.writing)}
    yield Figure(_("Replies waiting"), grouped(now.waiting), engine, writing)
    if now.ready is None or now.workers is None:
        yield Figure(_("Workers ready"), "–", engine, _("Redis does not answer"), asks=True)
    else:
        yield Figure(_("Workers ready"), f"{now.ready}/{now.workers}", engine, asks=now.ready == 0)


def _charts(pages: Pages, past: Fortnight) -> Iterator[Bars]:
    if usage := pages.page("usage", "limits.view_usage"):
        yield _bars(_("People active"), past, lambda day: day.people, usage)
        yield _bars(_("Replies"), past, lambda day: day.replies, usage)
        yield _bars(_("Tokens"), past, lambda day: day.tokens, usage)
        yield _bars(_("Messages refused"), past, lambda day: day.refusals, usage)
    if incidents := pages.rows("moderation.Incident"):
        yield _bars(_("Incidents"), past, lambda day: day.incidents, f"{incidents}?state=all")


def _bars(title: str, past: Fortnight, value: Callable[[Day], int], url: str) -> Bars:
    names = [date_format(day.day, "MONTH_DAY_FORMAT") for day in past.days]
    return Bars(title, chart.bars({title: [value(day) for day in past.days]}, names, short), url)

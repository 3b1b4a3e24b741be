"""A person's page: what they used and may use, which row each limit comes from, what restrains them, and incidents."""

from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models import User
from audit import holds
from console.dashboard import Figure
from console.navigation import Pages
from console.people_list import Known, known_of, role_among
from console.roles import GROUPS, may_edit
from console.templatetags.figures import grouped, short
from console.usage import replies_chart, usage_chart
from limits.models import Restraint
from limits.policies import explain
from limits.quotas import Quota
from limits.reports import By, totals
from moderation.models import Incident

DAYS = 30
MOST_RESTRAINTS = 10
MOST_COUNTED = 1000


@require_GET
@permission_required("accounts.view_user", raise_exception=True)
def overview(request: HttpRequest, pk: int) -> HttpResponse:
    """The page."""
    person = get_object_or_404(User.objects.prefetch_related("groups"), pk=pk)
    known = known_of([person])[person.pk]
    pages = Pages(request)
    mine = may_edit(request.user, person)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": person.get_username(),
        "person": person,
        "role": role_among(person),
        "groups": [group for group in person.groups.all() if group.name not in GROUPS.values()],
        "known": known,
        "restraints": Restraint.objects.filter(user=person).select_related("by", "lifted_by")[:MOST_RESTRAINTS],
        "may_restrain": mine and request.user.has_perm("limits.add_restraint"),
        "may_lift": mine and request.user.has_perm("limits.change_restraint"),
        "hold": holds.holding().filter(user=person).first() if request.user.has_perm("audit.view_hold") else None,
        "may_hold": mine and request.user.has_perm("audit.add_hold"),
        "may_lift_hold": mine and request.user.has_perm("audit.change_hold"),
        "may_change": mine and request.user.has_perm("accounts.change_user"),
        "has_factor": is_mfa_enabled(person),
        "figures": [*_figures(known), *_incidents(person, pages)],
        **_policy(person, pages),
        **_usage(person, pages),
    }
    return render(request, "console/person.html", context)


def left(quota: Quota | None) -> str:
    """What is left of a quota, in words."""
    if quota is None:
        return _("no limit")
    words = {"left": short(quota.left), "limit": short(quota.limit)}
    if quota.shared:
        return _("%(left)s of %(limit)s left, shared") % words
    return _("%(left)s of %(limit)s left") % words


def _figures(known: Known) -> list[Figure]:
    return [
        Figure(_("Tokens today"), short(known.today), "", left(known.quota_day)),
        Figure(_("Tokens this month"), short(known.month), "", left(known.quota_month)),
    ]


def _incidents(person: User, pages: Pages) -> list[Figure]:
    incidents = pages.rows("moderation.Incident")
    if not incidents:
        return []
    number = Incident.objects.of_person(person)[: MOST_COUNTED + 1].count()
    words = f"{MOST_COUNTED}+" if number > MOST_COUNTED else grouped(number)
    return [Figure(_("Incidents"), words, f"{incidents}?state=all&q={person.get_username()}")]


def _policy(person: User, pages: Pages) -> dict[str, Any]:
    policies = pages.rows("limits.Policy")
    return {"policies": policies, "limits": explain(person.pk)} if policies else {}


def _usage(person: User, pages: Pages) -> dict[str, Any]:
    page = pages.page("usage", "limits.view_usage")
    if not page:
        return {}
    until = datetime.now(UTC).date()
    days = totals(By.DAY, until - timedelta(days=DAYS - 1), until, user=person.pk)
    return {
        "usage": f"{page}?by=day&person={person.get_username()}",
        "chart": usage_chart(days),
        "replies": replies_chart(days),
        "begins": date_format(days[0].key, "MONTH_DAY_FORMAT"),
    }

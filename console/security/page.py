"""The security page: how the live system stands, what to do where it is not right, what browsers reported."""

from datetime import UTC, datetime

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET

from console.security import csp_reports, staff, stores, transport
from console.security.found import WORST_FIRST, Finding

PERMISSION = "audit.view_entry"  # of those who look after what happens on the site
MOST_SHOWN = 50
NAMES = {
    "wrong": pgettext_lazy("state of a finding", "not right"),
    "attention": pgettext_lazy("state of a finding", "look at this"),
    "right": pgettext_lazy("state of a finding", "right"),
}


@require_GET
def security(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    found = findings(request)
    reports = csp_reports.seen()
    context = {
        **admin.site.each_context(request),
        "title": _("Security"),
        "rows": [(NAMES[one.state], one) for one in found],
        "open": sum(one.state != "right" for one in found),
        "knows_reports": reports is not None,
        "reports": [(one, datetime.fromtimestamp(one.last, UTC)) for one in (reports or [])[:MOST_SHOWN]],
    }
    return render(request, "console/security.html", context)


def findings(request: HttpRequest) -> list[Finding]:
    """The worst first."""
    found = [*transport.findings(request), *stores.findings(), *staff.findings()]
    return sorted(found, key=lambda one: WORST_FIRST.index(one.state))

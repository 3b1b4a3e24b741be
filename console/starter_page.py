"""The page of rules to start from."""

from typing import cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.models import User
from moderation.starter import STARTERS, install, installed


@require_http_methods(["GET", "POST"])
def starters(request: HttpRequest) -> HttpResponse:
    """Those there are; a POST installs one (``name``), or all."""
    if not request.user.has_perm("moderation.add_rule"):
        raise PermissionDenied
    if request.method == "POST":
        return _install(request)
    there = installed()
    rows = [(one, one.rule(), one.name in there) for one in STARTERS]
    context = {"title": _("Rules to start from"), "rows": rows, "left": len(STARTERS) - len(there)}
    return render(request, "moderation/starters.html", {**admin.site.each_context(request), **context})


def _install(request: HttpRequest) -> HttpResponse:
    known = [one.name for one in STARTERS]
    names = [name for name in request.POST.getlist("name") if name in known] or known
    added = len(install(names, cast("User", request.user)))
    said = ngettext("%(number)d rule added, in dry run.", "%(number)d rules added, in dry run.", added)
    messages.success(request, said % {"number": added})
    return HttpResponseRedirect(reverse("admin:moderation_rule_changelist"))

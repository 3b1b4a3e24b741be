"""Deciding many incidents at once."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from console import consequences
from moderation import decisions
from moderation.models import Decision, Incident

MOST = 500  # at once


@admin.action(description=gettext_lazy("Confirm"), permissions=["change"])
def confirm(_admin: Any, request: HttpRequest, queryset: QuerySet[Incident]) -> HttpResponse | None:
    """Asks first when somebody would be slowed or suspended."""
    chosen = list(queryset[:MOST])
    due = consequences.foreseen(one for one in chosen if one.state == Decision.OPEN)
    if due and "sure" not in request.POST:
        context = {"title": _("Confirm incidents"), "chosen": chosen, "due": due, "checkbox": ACTION_CHECKBOX_NAME}
        return render(request, "moderation/confirm_many.html", {**admin.site.each_context(request), **context})
    with transaction.atomic():
        consequences.prepare(chosen)
        decided = decisions.decide_all([one.pk for one in chosen], Decision.CONFIRMED, request.user)
        for one in consequences.follow(decided):
            messages.warning(request, str(one))
    _say(request, len(decided), len(chosen))
    return None


@admin.action(description=gettext_lazy("Dismiss"), permissions=["change"])
def dismiss(_admin: Any, request: HttpRequest, queryset: QuerySet[Incident]) -> None:
    chosen = list(queryset.values_list("pk", flat=True)[:MOST])
    _say(request, len(decisions.decide_all(chosen, Decision.DISMISSED, request.user)), len(chosen))


@admin.action(description=gettext_lazy("Assign to me"), permissions=["change"])
def assign_to_me(_admin: Any, request: HttpRequest, queryset: QuerySet[Incident]) -> None:
    _assign(request, queryset, cast("User", request.user))


@admin.action(description=gettext_lazy("Assign to nobody"), permissions=["change"])
def assign_to_nobody(_admin: Any, request: HttpRequest, queryset: QuerySet[Incident]) -> None:
    _assign(request, queryset, None)


def _assign(request: HttpRequest, queryset: QuerySet[Incident], to: User | None) -> None:
    number = decisions.assign(list(queryset.values_list("pk", flat=True)[:MOST]), to, request.user)
    said = ngettext("%(number)d incident assigned.", "%(number)d incidents assigned.", number)
    messages.success(request, said % {"number": number})


def _say(request: HttpRequest, decided: int, chosen: int) -> None:
    said = ngettext("%(number)d incident decided.", "%(number)d incidents decided.", decided) % {"number": decided}
    if chosen > decided:
        said += " " + _("The others had been decided before.")
    if chosen == MOST:
        said += " " + _("At most %(most)d are decided at once.") % {"most": MOST}
    messages.success(request, said)

"""One incident: what is known of it, what came before, and the decision."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from console import consequences
from moderation import decisions
from moderation.decisions import DecidedMeanwhile
from moderation.models import Decision, Incident, Rule

DAYS = 30
COUNTED = 1000


@dataclass(frozen=True, slots=True)
class Before:
    """How many there were in the last days, and how they were decided."""

    number: int
    confirmed: int
    mistaken: int  # dismissed, or a false positive

    @classmethod
    def of(cls, **what: Any) -> "Before":
        recent = Incident.objects.filter(at__gte=timezone.now() - timedelta(days=DAYS), **what).order_by("-at")
        states = list(recent.values_list("state", flat=True)[:COUNTED])
        confirmed, open_ones = states.count(Decision.CONFIRMED), states.count(Decision.OPEN)
        return cls(len(states), confirmed, len(states) - confirmed - open_ones)


def named(incident: Incident) -> str:
    """The rule as it was called then, or the reason of a report."""
    if incident.is_report:
        return _("reported: %(reason)s") % {"reason": incident.get_reason_display()}
    return incident.rule_name or _("rule %(number)s") % {"number": incident.rule}


def show(request: HttpRequest, incident: Incident, **told: Any) -> HttpResponse:
    """The page; ``told`` may hold a problem."""
    rule = Rule.objects.without_words().filter(pk=incident.rule).first() if incident.rule else None
    may = request.user.has_perm
    context = {
        "title": named(incident),
        "opts": Incident._meta,
        "incident": incident,
        "rule": rule,
        "notes": incident.notes.select_related("by"),
        "of_person": Before.of(user=incident.user) if incident.user else None,
        "of_rule": Before.of(rule=incident.rule) if incident.rule else None,
        "days": DAYS,
        "may_decide": may("moderation.change_incident"),
        "may_change_rule": rule is not None and may("moderation.change_rule"),
        "may_see_rule": rule is not None and may("moderation.view_rule"),
        "may_see_person": incident.user is not None and may("accounts.view_user"),
        "back": request.GET.get("_changelist_filters", request.POST.get("back", "")),
        **told,
    }
    status = 409 if "problem" in told else 200
    return render(request, "moderation/incident.html", {**admin.site.each_context(request), **context}, status=status)


@require_POST
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Decide as the form says; ask first where more follows from it than the decision."""
    incident = _incident(request, pk)
    decision = request.POST.get("decision", "")
    if decision not in Decision.values:
        return show(request, incident, problem=_("Choose what you decide."))
    seen = request.POST.get("seen", incident.state)
    incident.state = seen if seen in Decision.values else ""  # as it was on the page; what it never was is passed over
    how = request.POST.get("how", "")
    if "sure" not in request.POST and (asks := _asks(incident, decision, how)):
        context = {"title": named(incident), "incident": incident, "asks": asks, "posted": request.POST.items()}
        return render(request, "moderation/sure.html", {**admin.site.each_context(request), **context})
    try:
        _decide(request, incident, Decision(decision), how)
    except DecidedMeanwhile:
        incident.refresh_from_db()
        return show(request, incident, problem=_("Somebody decided meanwhile. This is how it stands now."))
    except ValidationError as wrong:
        incident.refresh_from_db()
        return show(request, incident, problem=" ".join(wrong.messages), words=request.POST.get("words", ""))
    messages.success(request, _("Decided: %(decision)s.") % {"decision": incident.get_state_display()})
    return _back(request)


@require_POST
def assign(request: HttpRequest, pk: UUID) -> HttpResponse:
    """To the one who asks; with ``nobody``, to nobody."""
    incident = _incident(request, pk)
    to = None if "nobody" in request.POST else cast("User", request.user)
    decisions.assign([incident.pk], to, request.user)
    return _to(incident, request)


@require_POST
def note(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Add a note."""
    incident = _incident(request, pk)
    decisions.note(incident, request.POST.get("text", ""), request.user)
    return _to(incident, request)


def _incident(request: HttpRequest, pk: UUID) -> Incident:
    if not request.user.has_perm("moderation.change_incident"):
        raise PermissionDenied
    return get_object_or_404(Incident.objects.select_related("user", "assigned_to", "decided_by"), pk=pk)


def _asks(incident: Incident, decision: str, how: str) -> list[str]:
    """What follows from the decision for others, in sentences; empty when nothing does."""
    if decision == Decision.CONFIRMED:
        return [str(one) for one in consequences.foreseen([incident])]
    if decision == Decision.FALSE_POSITIVE and how == "off":
        return [_("The rule is switched off for everybody, at once.")]
    return []


@transaction.atomic
def _decide(request: HttpRequest, incident: Incident, decision: Decision, how: str) -> None:
    by = request.user
    if decision == Decision.FALSE_POSITIVE and how in {"off", "exception"}:
        if not by.has_perm("moderation.change_rule"):
            raise PermissionDenied
        _change_rule(request, incident, how)
        return
    if decision == Decision.CONFIRMED:
        consequences.prepare([incident])
    decisions.decide(incident, decision, by)
    if decision == Decision.CONFIRMED:
        for one in consequences.follow([incident]):
            messages.warning(request, str(one))


def _change_rule(request: HttpRequest, incident: Incident, how: str) -> None:
    if not Rule.objects.filter(pk=incident.rule or 0).exists():
        raise ValidationError(_("The rule is not there any more."))
    if how == "off":
        decisions.switch_off(incident, request.user)
        return
    words = request.POST.get("words", "").strip()
    if not words:
        raise ValidationError(_("Write the words that shall not be found."))
    decisions.make_exception(incident, words, request.user)


def _to(incident: Incident, request: HttpRequest) -> HttpResponse:
    page = reverse("admin:moderation_incident_change", args=[incident.pk])
    return HttpResponseRedirect(page)


def _back(request: HttpRequest) -> HttpResponse:
    filters = request.POST.get("back", "")
    return HttpResponseRedirect(reverse("admin:moderation_incident_changelist") + (f"?{filters}" if filters else ""))

"""Review for knowledge: the queue of what people marked, and a page each on which it is edited and decided."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from console.bounded import BoundedPaginator
from console.reading import may_read
from conversations.models import Nomination
from conversations.models.nomination import Judgement
from conversations.refusals import Refused
from exports import reviewing
from exports.differences import differences
from exports.reviewing import MAY_REVIEW, ChangedMeanwhile, Verdict

PER_PAGE = 30


class VerdictForm(forms.Form):
    """What the page of an exchange sends."""

    state = forms.ChoiceField(choices=Judgement.choices)
    seen = forms.IntegerField(min_value=0)
    text = forms.CharField(required=False, strip=False)
    reason = forms.CharField(required=False)

    @property
    def verdict(self) -> Verdict:
        said = self.cleaned_data
        return Verdict(Judgement(said["state"]), said["seen"], said["text"], said["reason"])


@never_cache
@require_GET
@permission_required(MAY_REVIEW, raise_exception=True)
def queue(request: HttpRequest) -> HttpResponse:
    """What waits, unless another state is asked for."""
    state = request.GET.get("state", Judgement.NOMINATED)
    state = state if state in {*Judgement.values, "all"} else Judgement.NOMINATED.value
    pages: Paginator[Nomination] = BoundedPaginator(reviewing.queue(request.user, state), PER_PAGE)
    context = {
        **admin.site.each_context(request),
        "title": _("Knowledge review"),
        "page": pages.get_page(request.GET.get("page")),
        "state": state,
        "states": [*Judgement.choices, ("all", _("all"))],
    }
    return render(request, "console/knowledge.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@permission_required(MAY_REVIEW, raise_exception=True)
def exchange(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """One of them. Sent, it is decided, or says why not: what the reviewer wrote stays in the form."""
    try:
        if request.method == "GET":
            return _shown(request, nomination_id)
        return _decided(request, nomination_id)
    except Nomination.DoesNotExist as gone:  # taken back by its owner, or erased
        raise Http404 from gone


def _decided(request: HttpRequest, nomination_id: int) -> HttpResponse:
    form = VerdictForm(request.POST)
    if not form.is_valid():
        return _shown(request, nomination_id, problem=_("Choose what you decide."), status=400)
    wrote = {"wrote": form.cleaned_data["text"].replace("\r\n", "\n"), "reason": form.cleaned_data["reason"]}
    try:
        decided = reviewing.decide(request.user, nomination_id, form.verdict)
    except Refused as no:
        about_reason = no.code in {"no_reason", "long_reason"}
        return _shown(request, nomination_id, problem=no.detail, about_reason=about_reason, status=422, **wrote)
    except ChangedMeanwhile:
        problem = _(
            "Somebody changed this meanwhile. What you wrote is below, not saved yet. Compare, then decide again."
        )
        return _shown(request, nomination_id, problem=problem, status=409, **wrote)
    messages.success(request, _("Kept: %(state)s.") % {"state": decided.get_state_display()})
    return HttpResponseRedirect(reverse("admin:knowledge"))


def _shown(request: HttpRequest, nomination_id: int, status: int = 200, **told: Any) -> HttpResponse:
    user = cast("User", request.user)
    nomination = reviewing.exchange(user, nomination_id)
    text, wrote = reviewing.text_of(nomination), told.get("wrote")
    context = {
        **admin.site.each_context(request),
        "title": _("Review a reply"),
        "nomination": nomination,
        "text": text,
        "edits": reviewing.edits(nomination),
        "changes": differences(nomination.reply.text, text) if text != nomination.reply.text else (),
        "yours": differences(text, wrote) if wrote is not None and wrote != text else (),
        "longest": Nomination._meta.get_field("reason").max_length,
        "may_read": may_read(user),
        **told,
    }
    return render(request, "console/exchange.html", context, status=status)

"""Words into a rule and out of it: a list is looked at before it is taken."""

from typing import Any, cast
from uuid import uuid4

from django.contrib import admin, messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from moderation import word_lists
from moderation.models import Rule
from moderation.word_lists import NoList

KEPT_S = 900  # a list that was looked at, until it is taken
SHOWN = 50  # refused lines, and new words


@require_http_methods(["GET", "POST"])
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a list; show what taking it would do; take it."""
    rule = _rule(request, pk, "change")
    if request.method == "GET":
        return _page(request, rule)
    if "look" in request.POST:
        return _look(request, rule)
    return _take(request, rule)


@require_GET
def give(request: HttpRequest, pk: int) -> HttpResponse:
    """The list as a file."""
    rule = _rule(request, pk, "view")
    as_csv = request.GET.get("as") == "csv"
    content, kind = (word_lists.as_csv(rule), "csv") if as_csv else (word_lists.as_text(rule), "plain")
    answer = HttpResponse(content, content_type=f"text/{kind}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="rule-{rule.pk}.{"csv" if as_csv else "txt"}"'
    return answer


def _rule(request: HttpRequest, pk: int, verb: str) -> Rule:
    allowed = {f"moderation.{one}_rule" for one in {verb, "change"}}
    if not any(map(request.user.has_perm, allowed)):
        raise PermissionDenied
    return get_object_or_404(Rule, pk=pk, kind=Rule.Kind.WORDS)


def _look(request: HttpRequest, rule: Rule) -> HttpResponse:
    upload = request.FILES.get("file")
    pasted = request.POST.get("pasted", "")
    replace = "replace" in request.POST
    try:
        text, encoding = word_lists.read(upload.read(), upload.name or "") if upload else (pasted, "")
    except NoList as no:
        return _page(request, rule, problem=str(no), pasted=pasted, replace=replace)
    if not text.strip():
        return _page(request, rule, problem=_("Choose a file, or paste words."), replace=replace)
    token = uuid4().hex
    cache.set(_key(request, rule, token), (text, replace), KEPT_S)
    seen = word_lists.preview(rule, text, replace=replace)
    told = {"seen": seen, "token": token, "replace": replace, "encoding": encoding, "pasted": "" if upload else pasted}
    return _page(request, rule, **told, more_refused=len(seen.refused) - SHOWN, more_added=len(seen.added) - SHOWN)


def _take(request: HttpRequest, rule: Rule) -> HttpResponse:
    kept = cache.get(_key(request, rule, request.POST.get("token", "")))
    if kept is None:
        return _page(request, rule, problem=_("The list is not there any more. Give it again."))
    text, replace = kept
    try:
        taken = word_lists.take(rule, text, replace=replace, by=cast("User", request.user))
    except ValidationError as wrong:
        return _page(request, rule, problem=" ".join(wrong.messages), replace=replace)
    number = len(taken.added)
    messages.success(
        request, ngettext("%(number)d word added.", "%(number)d words added.", number) % {"number": number}
    )
    return HttpResponseRedirect(reverse("admin:moderation_rule_change", args=[rule.pk]))


def _key(request: HttpRequest, rule: Rule, token: str) -> str:
    return f"word-list:{request.user.pk}:{rule.pk}:{token}"


def _page(request: HttpRequest, rule: Rule, **told: Any) -> HttpResponse:
    context = {"title": _("Import words"), "rule": rule, "shown": f":{SHOWN}", "problem": "", **told}
    status = 200 if not context["problem"] else 422
    return render(request, "moderation/import.html", {**admin.site.each_context(request), **context}, status=status)

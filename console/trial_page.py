"""Trying a rule on what was written, before it is switched on, and before it is saved.

Words that nobody has to stand for are a way to read others' conversations, a common one at a time. So what was tried is
in the audit log, and samples of a rule that is not saved are shown only where administrators may read conversations.
"""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from audit.log import record
from console.rule_form import RuleForm
from console.trial import MOST_SECONDS, trial
from moderation import compiling
from moderation.models import Rule

DAYS = (1, 7, 30)
MOST_NAMED = 10  # words of a list, in the audit log


@require_http_methods(["GET", "POST"])
def saved(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for how many days; a POST tries it."""
    _check(request, "change")
    rule = get_object_or_404(Rule, pk=pk)
    return _tried(request, rule, again=True) if request.method == "POST" else _page(request, rule, again=True)


@require_POST
def unsaved(request: HttpRequest) -> HttpResponse:
    """The form of a rule as it stands, whether or not it was ever saved. Nothing is saved here."""
    _check(request, "change", "add")
    pk = request.POST.get("rule", "")
    before = Rule.objects.filter(pk=pk).first() if pk.isdecimal() else None
    form = RuleForm(request.POST, instance=before)
    if not form.is_valid():
        return _page(request, form.instance, form=form)
    return _tried(request, form.instance, again=False)


def _check(request: HttpRequest, *verbs: str) -> None:
    if not any(request.user.has_perm(f"moderation.{verb}_rule") for verb in verbs):
        raise PermissionDenied


def _tried(request: HttpRequest, rule: Rule, *, again: bool) -> HttpResponse:
    given = request.POST.get("days", "")
    days = int(given) if given in map(str, DAYS) else DAYS[1]
    matcher, lost = compiling.compiled([rule.spec])
    if matcher is None:
        return _page(request, rule, again=again, problem=" ".join(why.reason for why in lost.values()))
    result = trial(matcher, rule.scope, days, shows_samples=again or settings.ADMINS_READ)
    details = {**_tells(rule), "days": days, "messages": result.looked_at, "found": result.hit}
    record("rule.tried", actor=request.user, subject=rule if rule.pk else rule.name, details=details)
    return _page(request, rule, again=again, trial=result)


def _tells(rule: Rule) -> dict[str, Any]:
    """What is looked for, and where. Of a list of words the first, and how many there are."""
    if rule.is_pattern:
        return {"scope": rule.scope, "pattern": rule.pattern, "checksum": rule.checksum}
    words = rule.spec.words
    return {"scope": rule.scope, "words": words[:MOST_NAMED], "number": len(words)}


def _page(request: HttpRequest, rule: Rule, **told: Any) -> HttpResponse:
    """``again``: whether it can be tried again from here."""
    context = {"title": _("Try a rule"), "rule": rule, "days": DAYS, "seconds": int(MOST_SECONDS), **told}
    status = 422 if "form" in told or "problem" in told else 200
    return render(request, "moderation/trial.html", {**admin.site.each_context(request), **context}, status=status)

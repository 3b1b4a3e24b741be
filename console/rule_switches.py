"""Switching many rules on, off, or to dry run at once."""

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from audit.log import record
from moderation.models import Rule


@admin.action(description=gettext_lazy("Switch on"), permissions=["change"])
def switch_on(_admin: Any, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
    _switch(request, queryset, "rule.switched_on", enabled=True, dry_run=False)


@admin.action(description=gettext_lazy("Switch to dry run"), permissions=["change"])
def dry_run(_admin: Any, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
    _switch(request, queryset, "rule.dry_run", enabled=True, dry_run=True)


@admin.action(description=gettext_lazy("Switch off"), permissions=["change"])
def switch_off(_admin: Any, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
    _switch(request, queryset, "rule.switched_off", enabled=False)


@transaction.atomic
def _switch(request: HttpRequest, queryset: QuerySet[Rule], action: str, **values: bool) -> None:
    changed = 0
    chosen = Rule.objects.filter(pk__in=list(queryset.values_list("pk", flat=True))).order_by("pk")
    for rule in list(chosen.select_for_update()):  # all of them before the first entry, which holds the audit log
        if all(getattr(rule, name) == value for name, value in values.items()):
            continue
        for name, value in values.items():
            setattr(rule, name, value)
        if rule.enabled and (wrong := _wrong(rule)):
            messages.error(request, f"{rule}: {wrong}")
            continue
        rule.changed_by = cast("User", request.user)
        rule.save(update_fields=[*values, "changed_by", "changed_at"])
        record(action, actor=rule.changed_by, subject=rule)
        changed += 1
    said = ngettext("%(number)d rule changed.", "%(number)d rules changed.", changed)
    messages.success(request, said % {"number": changed})


def _wrong(rule: Rule) -> str:
    """Why it cannot be used; empty when it can."""
    try:
        rule.clean()
    except ValidationError as problem:
        return " ".join(problem.messages)
    return ""

"""Retention rules in the admin: what each would delete today is seen before it is switched on."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from accounts.models import User
from audit.admin import AuditedAdmin
from audit.log import record
from retention.due import preview
from retention.models import Rule

if TYPE_CHECKING:  # generic for the type checker only
    _ModelAdmin = admin.ModelAdmin[Rule]
else:
    _ModelAdmin = admin.ModelAdmin


@admin.register(Rule)
class RuleAdmin(AuditedAdmin, _ModelAdmin):
    """A rule that is changed is off again, until somebody has seen what it would delete."""

    audited_as = "retention_rule"
    list_display = ("what_of", "whom", "after", "state", "note")
    list_display_links = ("what_of",)
    list_filter = ("what", "is_on")
    list_select_related = ("user", "group")
    fields = ("what", "user", "group", "days", "note")
    search_fields: ClassVar = ["user__username", "group__name", "note"]
    autocomplete_fields: ClassVar = ["user"]

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        return [path("<int:pk>/switch/", door(self.switch), name="retention_rule_switch"), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: Rule, form: Any, change: bool) -> None:
        if form.changed_data != ["note"]:
            obj.is_on = False
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Rule, post_url_continue: str | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:retention_rule_switch", args=[obj.pk]))

    def response_change(self, request: HttpRequest, obj: Rule) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:retention_rule_switch", args=[obj.pk]))

    def switch(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what it would delete today; asked to, switch it on or off."""
        rule = get_object_or_404(Rule.objects.select_related("user", "group"), pk=pk)
        if not self.has_change_permission(request, rule):
            raise PermissionDenied
        if request.method == "POST":
            _switch(rule, "on" in request.POST, cast("User", request.user))
            messages.success(request, _("The rule is on.") if "on" in request.POST else _("The rule is off."))
            return HttpResponseRedirect(reverse("admin:retention_rule_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("What this rule would delete today"),
            "rule": rule,
            "sentence": sentence(rule),
            "preview": preview(rule),
        }
        return render(request, "console/retention_switch.html", context)

    @admin.display(description=pgettext_lazy("of a retention rule", "what"), ordering="what")
    def what_of(self, rule: Rule) -> str:
        return str(capfirst(str(rule.get_what_display())))

    @admin.display(description=gettext_lazy("for"))
    def whom(self, rule: Rule) -> str:
        return _whom(rule)

    @admin.display(description=gettext_lazy("deleted after"), ordering="days")
    def after(self, rule: Rule) -> str:
        return _after(rule)

    @admin.display(description=gettext_lazy("state"), ordering="is_on")
    def state(self, rule: Rule) -> SafeString:
        words = _("on") if rule.is_on else _("off: see what it would delete")
        page = reverse("admin:retention_rule_switch", args=[rule.pk])
        state = "active" if rule.is_on else "over"
        return format_html('<a href="{}"><span class="state" data-state="{}">{}</span></a>', page, state, words)


@transaction.atomic
def _switch(rule: Rule, on: bool, by: User) -> None:
    if Rule.objects.filter(pk=rule.pk, is_on=not on).update(is_on=on):
        record("retention_rule.switched_on" if on else "retention_rule.switched_off", actor=by, subject=rule)


def sentence(rule: Rule) -> str:
    """What of whom it deletes, and when."""
    return f"{capfirst(str(rule.get_what_display()))} · {_whom(rule)} · {_after(rule)}"


def _whom(rule: Rule) -> str:
    if rule.user_id:
        return str(rule.user)
    return _("group %(name)s") % {"name": rule.group} if rule.group_id else _("everyone")


def _after(rule: Rule) -> str:
    if rule.days is None:
        return _("never")
    return ngettext("%(number)d day", "%(number)d days", rule.days) % {"number": rule.days}

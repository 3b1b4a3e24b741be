"""Policies in the admin: a list that reads like sentences, and a form that says what an empty field means."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from audit.admin import AuditedAdmin
from console.policy_form import EXPORTS, RIGHTS, PolicyForm
from inference import serving
from limits.fields import ALL, UNLIMITED
from limits.models import Policy
from limits.resolution import LIMITS

INHERIT = gettext_lazy(
    "An empty field inherits: a person from their groups (the most generous counts), a group from the policy for "
    "everyone, that from the site's settings. Write “unlimited” to lift a limit that would be inherited."
)


class Scope(admin.SimpleListFilter):
    """Whom policies are for."""

    title = gettext_lazy("for")
    parameter_name = "for"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("everyone", _("everyone")), ("group", _("a group")), ("person", _("a person"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {
            "everyone": Q(user=None, group=None),
            "group": Q(group__isnull=False),
            "person": Q(user__isnull=False),
        }
        return queryset.filter(wanted.get(self.value() or "", Q()))


class Validity(admin.SimpleListFilter):
    """Which of them hold now."""

    title = gettext_lazy("holds")
    parameter_name = "holds"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("now", _("now")), ("later", _("later")), ("over", _("no more"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = timezone.now()
        lasting = Q(valid_until=None) | Q(valid_until__gt=now)
        wanted = {"now": lasting & Q(valid_from__lte=now), "later": Q(valid_from__gt=now), "over": ~lasting}
        return queryset.filter(wanted.get(self.value() or "", Q()))


@admin.register(Policy)
class PolicyAdmin(AuditedAdmin):
    """What people may do, in rows that say only what differs."""

    form = PolicyForm
    list_display = ("whom", "says", "holds", "note")
    list_display_links = ("whom",)
    list_filter = (Scope, Validity)
    list_select_related = ("user", "group")
    list_per_page = 50
    search_fields: ClassVar = ["user__username", "user__email", "group__name", "note"]
    ordering = (F("user").asc(nulls_first=True), F("group").asc(nulls_first=True), "-valid_from")
    fieldsets = (
        (
            gettext_lazy("For whom, and how long"),
            {
                "fields": ("user", "group", "note", "valid_from", "valid_until"),
                "description": gettext_lazy("For a person, for a group, or, when both are empty, for everyone."),
            },
        ),
        (
            gettext_lazy("How much"),
            {"fields": ("tokens_per_day", "tokens_per_month", "shared_pool"), "description": INHERIT},
        ),
        (
            gettext_lazy("Each message and reply"),
            {"fields": ("prompt_chars", "prompt_tokens", "output_tokens", "requests_per_minute", "replies_at_once")},
        ),
        (gettext_lazy("Each conversation"), {"fields": ("conversation_turns", "conversation_tokens")}),
        (
            gettext_lazy("Models and rights"),
            {"fields": ("models", *RIGHTS)},
        ),
        (gettext_lazy("Exports"), {"fields": EXPORTS}),
        (
            gettext_lazy("Replies that fail, and incidents"),
            {"fields": ("charge_failed", "charge_blocked", "slow_after", "suspend_after")},
        ),
    )

    @admin.display(description=gettext_lazy("for"), ordering="user__username")
    def whom(self, policy: Policy) -> str:
        if policy.user_id:
            return str(policy.user)
        return _("group %(name)s") % {"name": policy.group} if policy.group_id else _("everyone")

    @admin.display(description=gettext_lazy("what differs"))
    def says(self, policy: Policy) -> str:
        return "; ".join(sentences(policy)) or _("nothing")

    @admin.display(description=gettext_lazy("holds"), ordering="valid_from")
    def holds(self, policy: Policy) -> SafeString:
        now = timezone.now()
        if policy.valid_until and policy.valid_until <= now:
            return _state("over", _("until %(time)s") % {"time": _moment(policy.valid_until)})
        if policy.valid_from > now:
            return _state("soon", _("from %(time)s") % {"time": _moment(policy.valid_from)})
        if policy.valid_until:
            return _state("active", _("until %(time)s") % {"time": _moment(policy.valid_until)})
        return _state("active", _("now"))


def sentences(policy: Policy) -> list[str]:
    """What this row says, field by field, in words; what it inherits is left out."""
    said = [_sentence(policy, limit.field) for limit in LIMITS if getattr(policy, limit.field) is not None]
    return said + [_("shared by the members of the group")] * policy.shared_pool


def _sentence(policy: Policy, field: str) -> str:
    label = Policy.label(field)
    value = getattr(policy, field)
    if isinstance(value, bool):
        return f"{label}: {_('yes') if value else _('no')}"
    if isinstance(value, list):
        return f"{label}: {_('all') if ALL in value else ', '.join(map(serving.label, value)) or _('none')}"
    if value == UNLIMITED:
        return f"{label}: {_('unlimited')}"
    return pgettext("how much of a limit", "%(number)s %(limit)s") % {"number": f"{value:,}", "limit": label}


def _moment(time: Any) -> str:
    return date_format(timezone.localtime(time), "SHORT_DATETIME_FORMAT")


def _state(state: str, words: str) -> SafeString:
    return format_html('<span class="state" data-state="{}">{}</span>', state, words)

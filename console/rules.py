"""Rules in the admin: on, off and in dry run; what they found; and the pages beside the form."""

from datetime import timedelta
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from audit.admin import AuditedAdmin
from console import rule_switches, starter_page, trial_page, word_list_pages
from console.rule_form import RuleForm
from moderation import rules
from moderation.models import Incident, Rule

RECENT = timedelta(days=7)
SHOWN = 20  # characters of a pattern in the list

STATES = {"on": gettext_lazy("on"), "dry": gettext_lazy("dry run"), "off": gettext_lazy("off")}


class Standing(admin.SimpleListFilter):
    """Whether rules act, only watch, or rest."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {
            "on": Q(enabled=True, dry_run=False),
            "dry": Q(enabled=True, dry_run=True),
            "off": Q(enabled=False),
        }
        return queryset.filter(wanted.get(self.value() or "", Q()))


@admin.register(Rule)
class RuleAdmin(AuditedAdmin):
    """Lists are megabytes: the page of all rules reads none of them."""

    audited_as = "rule"
    unlogged = frozenset({"words", "exceptions"})
    form = RuleForm
    list_display = ("name", "state_shown", "action", "looks_for", "whom", "found")
    list_filter = (Standing, "action", "scope", "kind", "groups")
    list_per_page = 50
    search_fields: ClassVar = ["name", "note", "words", "pattern"]
    search_help_text = gettext_lazy("A name, a note, or a word in a list")
    ordering = ("name", "pk")
    actions = (rule_switches.switch_on, rule_switches.dry_run, rule_switches.switch_off)
    fieldsets = (
        (None, {"fields": ("name", "kind", "words", "pattern", "checksum", "exceptions")}),
        (gettext_lazy("Where, for whom, and what then"), {"fields": ("scope", "groups", "action", "message")}),
        (gettext_lazy("Now"), {"fields": ("enabled", "dry_run", "note")}),
    )

    class Media:
        css: ClassVar = {"all": ("console/moderation.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        recent = Incident.objects.filter(rule=OuterRef("pk"), at__gte=timezone.now() - RECENT).order_by()
        hits = recent.values("rule").annotate(n=Count("pk")).values("n")
        return (
            cast("QuerySet[Rule]", super().get_queryset(request))
            .defer("words", "exceptions")
            .prefetch_related("groups")
            .annotate(hits=Coalesce(Subquery(hits, output_field=IntegerField()), 0))
        )

    def save_model(self, request: HttpRequest, obj: Rule, form: Any, change: bool) -> None:
        obj.changed_by = cast("User", request.user)
        if not change:
            obj.created_by = obj.changed_by
        super().save_model(request, obj, form, change)

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        pages = [
            path("starters/", door(starter_page.starters), name="moderation_rule_starters"),
            path("try/", door(trial_page.unsaved), name="moderation_rule_try"),
            path("<int:pk>/try/", door(trial_page.saved), name="moderation_rule_try_saved"),
            path("<int:pk>/import/", door(word_list_pages.take), name="moderation_rule_import"),
            path("<int:pk>/export/", door(word_list_pages.give), name="moderation_rule_export"),
        ]
        return pages + super().get_urls()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        broken = rules.broken()
        named = Rule.objects.without_words().filter(pk__in=broken)
        told = [(rule, broken[rule.pk]) for rule in named]
        return super().changelist_view(request, {"broken": told, **(extra_context or {})})

    @admin.display(description=gettext_lazy("state"), ordering=F("enabled").desc())
    def state_shown(self, rule: Rule) -> SafeString:
        return format_html('<span class="state" data-state="rule-{}">{}</span>', rule.state, STATES[rule.state])

    @admin.display(description=gettext_lazy("looks for"), ordering="word_count")
    def looks_for(self, rule: Rule) -> SafeString:
        scope = rule.get_scope_display()
        if rule.is_pattern:
            short = rule.pattern[:SHOWN] + "…" * (len(rule.pattern) > SHOWN)
            return format_html('<code>{}</code><span class="help">{}</span>', short, scope)
        words = ngettext("%(number)s word", "%(number)s words", rule.word_count) % {"number": f"{rule.word_count:,}"}
        return format_html('{}<span class="help">{}</span>', words, scope)

    @admin.display(description=gettext_lazy("holds for"))
    def whom(self, rule: Rule) -> str:
        return ", ".join(group.name for group in rule.groups.all()) or _("everyone")

    @admin.display(description=gettext_lazy("found in 7 days"), ordering="-hits")
    def found(self, rule: Rule) -> SafeString:
        number = getattr(rule, "hits", 0)
        page = reverse("admin:moderation_incident_changelist")
        return format_html('<a href="{}?rule={}&amp;state=all">{}</a>', page, rule.pk, f"{number:,}")

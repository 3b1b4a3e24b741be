"""The review queue: what rules found and people reported, the newest open first, fast at a million rows."""

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from audit.admin import OnlyItsFilters
from console import incident_actions, incident_page
from console.bounded import BoundedPaginator
from console.incident_filters import Assigned, OfRule, Origin, State
from moderation.models import Incident

if TYPE_CHECKING:  # generic for the type checker only
    _ModelAdmin = admin.ModelAdmin[Incident]
else:
    _ModelAdmin = admin.ModelAdmin

SHOWN = 90  # characters of an excerpt in the list


@admin.register(Incident)
class IncidentAdmin(OnlyItsFilters, _ModelAdmin):
    """A list to filter, and a page each on which it is decided."""

    list_display = ("what", "excerpt_shown", "person", "done", "when", "state_shown")
    list_display_links = ("what",)
    list_filter = (State, Origin, "where", "action", OfRule, Assigned, "dry_run", "at")
    list_select_related = ("user", "assigned_to")
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator
    ordering = ("-at", "-pk")
    sortable_by = ("when",)
    search_fields: ClassVar = ["pk"]  # ``get_search_results`` says how
    search_help_text = gettext_lazy("A person's name, or an id")
    actions = (
        incident_actions.confirm,
        incident_actions.dismiss,
        incident_actions.assign_to_me,
        incident_actions.assign_to_nobody,
    )

    class Media:
        css: ClassVar = {"all": ("console/moderation.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Incident]:
        return super().get_queryset(request).defer("appeal")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """By whole names and ids only: each has its index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            number = UUID(term)
        except ValueError:
            return queryset.filter(user__in=list(User.objects.filter(username__iexact=term))), False
        return queryset.filter(Q(pk=number) | Q(message=number) | Q(conversation=number)), False

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        pages = [
            path("<uuid:pk>/decide/", door(incident_page.decide), name="moderation_incident_decide"),
            path("<uuid:pk>/assign/", door(incident_page.assign), name="moderation_incident_assign"),
            path("<uuid:pk>/note/", door(incident_page.note), name="moderation_incident_note"),
        ]
        return pages + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        incident = self.get_object(request, unquote(object_id))
        if not self.has_view_or_change_permission(request, incident):
            raise PermissionDenied
        if incident is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined, no-any-return]
        return incident_page.show(request, incident)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Incident | None = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("when"), ordering="at")
    def when(self, incident: Incident) -> str:
        return date_format(timezone.localtime(incident.at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=gettext_lazy("what"))
    def what(self, incident: Incident) -> SafeString:
        where = incident.get_where_display()
        return format_html('{}<span class="help">{}</span>', incident_page.named(incident), where)

    @admin.display(description=gettext_lazy("done"))
    def done(self, incident: Incident) -> SafeString:
        action = incident.get_action_display() or "–"
        return format_html('{}<span class="help">{}</span>', action, _("dry run") if incident.dry_run else "")

    @admin.display(description=gettext_lazy("person"))
    def person(self, incident: Incident) -> str:
        return incident.user_name or "–"

    @admin.display(description=gettext_lazy("excerpt"))
    def excerpt_shown(self, incident: Incident) -> SafeString:
        text = incident.said if incident.is_report else incident.excerpt
        return format_html('<span class="excerpt">{}</span>', text[:SHOWN] + "…" * (len(text) > SHOWN))

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, incident: Incident) -> SafeString:
        state = format_html(
            '<span class="state" data-state="{}">{}</span>', incident.state, incident.get_state_display()
        )
        if incident.is_appealed:
            state = format_html('{} <span class="state" data-state="appealed">{}</span>', state, _("appealed"))
        return format_html('{}<span class="help">{}</span>', state, incident.assigned_to or "")

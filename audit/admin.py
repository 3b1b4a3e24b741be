"""The page of audit entries, and what other pages of the admin use to write them."""

import re
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from audit import chain, export, guard
from audit.audited import AuditedAdmin
from audit.filters import ByAction, ByTime, Pages
from audit.log import record
from audit.lookups import OnlyItsFilters
from audit.models import Entry

if TYPE_CHECKING:  # generic for the type checker only
    from django.contrib.auth.models import AbstractUser

    _ModelAdmin = admin.ModelAdmin[Entry]
else:
    _ModelAdmin = admin.ModelAdmin

__all__ = ["AuditedAdmin", "EntryAdmin", "OnlyItsFilters"]

MOMENT = re.compile(r"^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d):[\d.]+\+00:00$")
EMPTY: tuple[object, ...] = (None, "", [], {})
LOOKED_AT = 200  # of the newest entries, each time the page is shown; the command looks at all
FORMS = {
    "jsonl": (export.json_line, "", "application/jsonl"),
    "csv": (export.csv_line, export.CSV_HEAD, "text/csv; charset=utf-8"),
}


@admin.register(Entry)
class EntryAdmin(OnlyItsFilters, _ModelAdmin):
    """Entries to look at, search and take away. Nobody changes any, an owner neither."""

    list_display = ("number", "at", "done", "actor_name", "about", "told")
    list_display_links = ("number",)
    list_filter = (ByAction, ByTime)
    search_fields: ClassVar = ["actor_name", "subject_name", "subject_id"]
    search_help_text = _("A whole name, or an id")
    fields = ("id", "at", "done", "action", "actor_name", "actor_id", "subject", "details", "previous", "hash")
    sortable_by: ClassVar = ()
    paginator = Pages
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0

    @admin.display(description=_("number"))
    def number(self, entry: Entry) -> int:
        return entry.pk

    @admin.display(description=_("what was done"))
    def done(self, entry: Entry) -> str:
        return entry.done

    @admin.display(description=_("about"))
    def about(self, entry: Entry) -> str:
        return entry.subject_name or "–"

    @admin.display(description=_("details"))
    def told(self, entry: Entry) -> str:
        """The beginning of the details, without those that say nothing."""
        said = {name: value for name, value in sorted(entry.details.items()) if value not in EMPTY}
        shown = ", ".join(f"{name}: {_shown(value)}" for name, value in said.items())
        return shown if len(shown) <= 100 else f"{shown[:99]}…"

    @admin.display(description=_("about"))
    def subject(self, entry: Entry) -> str:
        return " ".join(part for part in (entry.subject_kind, entry.subject_id, entry.subject_name) if part) or "–"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Entry], search_term: str
    ) -> tuple[QuerySet[Entry], bool]:
        """The whole of what is typed is one name, spaces and all; each of these is found by an index."""
        term = search_term.strip()
        named = Q(actor_name__iexact=term) | Q(subject_name__iexact=term) | Q(subject_id__iexact=term)
        return (queryset.filter(named) if term else queryset), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export)
        doors = [path(f"export.{form}", view, {"form": form}, f"audit_entry_export_{form}") for form in FORMS]
        return doors + super().get_urls()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {**(extra_context or {}), "chain": _state()})

    @method_decorator(require_GET)
    def export(self, request: HttpRequest, form: str) -> HttpResponseBase:
        """What the filters leave of the log, as a file. That it was taken away is an entry too."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            entries = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse("admin:audit_entry_changelist"))
        filters = request.GET.dict()
        record("audit.exported", actor=cast("AbstractUser", request.user), details={"form": form, "filters": filters})
        line, head, kind = FORMS[form]
        answer = StreamingHttpResponse(export.written(entries, line, head), content_type=kind)
        answer.headers["Content-Disposition"] = f'attachment; filename="audit.{form}"'
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _shown(value: Any) -> str:
    if isinstance(value, dict) and value.keys() == {"old", "new"}:
        return f"{_shown(value['old'])} → {_shown(value['new'])}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "–" if value is None else MOMENT.sub(r"\1 \2 UTC", str(value))


def _state() -> dict[str, Any]:
    """What the page says of the chain."""
    newest = Entry.objects.order_by("-pk").first()
    return {
        "length": newest.pk if newest else 0,
        "hash": newest.hash if newest else "",
        "holds": chain.newest_hold(LOOKED_AT),
        "looked_at": LOOKED_AT,
        "guarded": guard.is_up(connection),
    }

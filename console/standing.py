"""Whether what somebody gave out, a link or a key, still holds: as a filter of a list, and in words."""

from typing import Any, Protocol

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class Ends(Protocol):
    """What may be revoked, and expires."""

    revoked_at: Any

    @property
    def is_over(self) -> bool: ...


class Standing(admin.SimpleListFilter):
    """Which still hold, but for what stops all of a person's. ``holds`` is what those are called."""

    title = gettext_lazy("state")
    parameter_name = "state"
    holds: tuple[str, str | Promise] = ("open", gettext_lazy("open"))

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [self.holds, ("expired", _("expired")), ("revoked", _("revoked"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        expired = Q(expires_at__lte=timezone.now())
        wanted = {
            self.holds[0]: Q(revoked_at=None) & ~expired,
            "expired": Q(revoked_at=None) & expired,
            "revoked": Q(revoked_at__isnull=False),
        }
        return queryset.filter(wanted[value]) if (value := self.value() or "") in wanted else queryset


def shown(row: Ends, holds: str | Promise) -> SafeString:
    """The state of one, in a list."""
    words = _("revoked") if row.revoked_at else _("expired") if row.is_over else holds
    return format_html('<span class="state" data-state="{}">{}</span>', "over" if row.is_over else "open", words)

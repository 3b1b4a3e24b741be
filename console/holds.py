"""Legal holds: put on a person with a reason, and lifted, by who has the permission; lists of these and of receipts."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.models import User
from audit import holds
from audit.admin import OnlyItsFilters
from audit.models import Hold, Receipt
from console.bounded import BoundedPaginator
from console.restraints import ask, back_to, person_for
from retention.words import Shown

if TYPE_CHECKING:  # generic for the type checker only
    _HoldAdmin = admin.ModelAdmin[Hold]
    _ReceiptAdmin = admin.ModelAdmin[Receipt]
else:
    _HoldAdmin = _ReceiptAdmin = admin.ModelAdmin


class HoldForm(forms.Form):
    """Why nothing may be deleted."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=gettext_lazy(
            "Nothing of theirs is deleted until it is lifted; what they delete is gone for them only. "
            "They are not told; it is in the audit log."
        ),
    )


@require_http_methods(["GET", "POST"])
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Put one on, once it is said why."""
    person = person_for(request, pk, "audit.add_hold")
    form = HoldForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        holds.put_on(person, form.cleaned_data["reason"], cast("User", request.user))
        messages.success(request, _("A legal hold is on %(name)s from now on.") % {"name": person})
        return back_to(person)
    title = _("Put a legal hold on %(name)s") % {"name": person}
    return ask(request, title, person, form=form, button=_("Put a legal hold on"))


@require_http_methods(["GET", "POST"])
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Lift it, once that is confirmed."""
    person = person_for(request, pk, "audit.change_hold")
    if request.method == "POST":
        if holds.lift(person, cast("User", request.user)):
            messages.success(request, _("The legal hold on %(name)s is lifted.") % {"name": person})
        return back_to(person)
    title = _("Lift the legal hold on %(name)s? What they deleted meanwhile is then deleted.") % {"name": person}
    return ask(request, title, person, button=_("Lift"))


class Holding(admin.SimpleListFilter):
    """Which of them hold now."""

    title = gettext_lazy("holds")
    parameter_name = "holds"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("now", _("now")), ("over", _("no more"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        wanted = {"now": True, "over": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(lifted_at__isnull=wanted)


class OnlyShown(OnlyItsFilters):
    """Rows that are looked at here and changed elsewhere, or never."""

    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Hold)
class HoldAdmin(OnlyShown, _HoldAdmin):
    """All there were. They are put on and lifted on the pages of people."""

    list_display = ("person", "state", "since", "reason", "by", "lifted_at", "lifted_by")
    list_display_links = None
    list_filter = (Holding,)
    list_select_related = ("user", "by", "lifted_by")
    search_fields: ClassVar = ["user__username", "user__email", "reason"]
    search_help_text = gettext_lazy("A name, an e-mail address or a reason")

    @admin.display(description=gettext_lazy("person"), ordering="user__username")
    def person(self, row: Hold) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("admin:accounts_user_overview", args=[row.user_id]), row.user)

    @admin.display(description=gettext_lazy("state"))
    def state(self, row: Hold) -> SafeString:
        over = row.lifted_at is not None
        words = pgettext_lazy("of a legal hold", "lifted") if over else pgettext_lazy("of a legal hold", "holds")
        return format_html('<span class="state" data-state="{}">{}</span>', "over" if over else "active", words)


@admin.register(Receipt)
class ReceiptAdmin(OnlyShown, _ReceiptAdmin):
    """What was deleted, in numbers."""

    list_display = ("at", "why", "deleted", "whose")
    fields = ("at", "why", "rule", "whose", "deleted", "id", "digest")
    readonly_fields = ("deleted", "id")
    list_filter = ("why", "at")
    paginator = BoundedPaginator
    show_full_result_count = False
    sortable_by = ("at",)

    @admin.display(description=gettext_lazy("deleted"))
    def deleted(self, receipt: Receipt) -> str:
        return ", ".join(f"{name} {number:,}" for name, number in Shown(receipt).counts)

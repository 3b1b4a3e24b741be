"""Slowing and suspending people: the form that asks for a reason, its pages, and the list of all restraints."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from accounts.models import User
from audit.admin import OnlyItsFilters
from console.people_list import restrained_now
from console.roles import may_edit
from limits import restraints
from limits.models import Restraint

if TYPE_CHECKING:  # generic for the type checker only
    _ModelAdmin = admin.ModelAdmin[Restraint]
else:
    _ModelAdmin = admin.ModelAdmin

HOURS = {"1": gettext_lazy("an hour"), "24": gettext_lazy("a day"), "168": gettext_lazy("a week")}
LASTS = [*HOURS.items(), ("720", gettext_lazy("30 days")), ("", gettext_lazy("until it is lifted"))]
KINDS = [
    (Restraint.Kind.SLOW.value, gettext_lazy("slow: one message a minute")),
    (Restraint.Kind.SUSPEND.value, gettext_lazy("suspend: signed out at once everywhere, and out until it ends")),
]


class RestrainForm(forms.Form):
    """Which restraint, how long, and why. The person reads the reason in the audit log's words only if told."""

    kind = forms.ChoiceField(label=gettext_lazy("Restraint"), choices=KINDS, widget=forms.RadioSelect)
    hours = forms.ChoiceField(label=gettext_lazy("How long"), choices=LASTS, required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=gettext_lazy("For those who administer the site, and in the list of restraints."),
    )

    @property
    def until(self) -> datetime | None:
        hours = self.cleaned_data["hours"]
        return timezone.now() + timedelta(hours=int(hours)) if hours else None

    def restrain(self, person: User, by: User) -> None:
        act = restraints.suspend if self.cleaned_data["kind"] == Restraint.Kind.SUSPEND else restraints.slow
        act(person, self.until, self.cleaned_data["reason"], by)


@require_http_methods(["GET", "POST"])
def restrain(request: HttpRequest, pk: int) -> HttpResponse:
    """Slow or suspend one person, once it is said why."""
    person = person_for(request, pk, "limits.add_restraint")
    form = RestrainForm(request.POST if request.method == "POST" else None, initial={"kind": "slow", "hours": "24"})
    if form.is_valid():
        form.restrain(person, cast("User", request.user))
        messages.success(request, _("%(name)s is restrained from now on.") % {"name": person})
        return back_to(person)
    title = _("Slow or suspend %(name)s") % {"name": person}
    return ask(request, title, person, form=form, button=_("Slow or suspend"))


@require_http_methods(["GET", "POST"])
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """End what restrains one person, once that is confirmed."""
    person = person_for(request, pk, "limits.change_restraint")
    if request.method == "POST":
        ended = restraints.lift(person, cast("User", request.user))
        words = ngettext("%(number)d restraint was lifted.", "%(number)d restraints were lifted.", ended)
        messages.success(request, words % {"number": ended})
        return back_to(person)
    title = _("Lift what restrains %(name)s?") % {"name": person}
    return ask(request, title, person, held=restraints.now_on(person.pk), button=_("Lift"))


class Holds(admin.SimpleListFilter):
    """Which of them hold now."""

    title = gettext_lazy("holds")
    parameter_name = "holds"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("now", _("now")), ("over", _("no more"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {"now": restrained_now(), "over": ~restrained_now()}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(wanted)


@admin.register(Restraint)
class RestraintAdmin(OnlyItsFilters, _ModelAdmin):
    """All there were. They are given and lifted on the pages of people."""

    list_display = ("person", "state", "since", "until", "reason", "by", "lifted_by")
    list_display_links = None
    list_filter = (Holds, "kind")
    list_select_related = ("user", "by", "lifted_by")
    list_per_page = 50
    search_fields: ClassVar = ["user__username", "user__email", "reason"]

    @admin.display(description=gettext_lazy("person"), ordering="user__username")
    def person(self, row: Restraint) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("admin:accounts_user_overview", args=[row.user_id]), row.user)

    @admin.display(description=gettext_lazy("state"), ordering="kind")
    def state(self, row: Restraint) -> SafeString:
        over = row.lifted_at is not None or (row.until is not None and row.until <= timezone.now())
        return format_html(
            '<span class="state" data-state="{}">{}</span>', "over" if over else row.kind, row.get_kind_display()
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def person_for(request: HttpRequest, pk: int, permission: str) -> User:
    """The person, if the one who asks may do this to them."""
    person = get_object_or_404(User, pk=pk)
    if not (request.user.has_perm(permission) and request.user.has_perm("accounts.view_user")):
        raise PermissionDenied
    if not may_edit(request.user, person):
        raise PermissionDenied
    return person


def ask(request: HttpRequest, title: str, person: User, **more: Any) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": title, "person": person, **more}
    return render(request, "console/restrain.html", context)


def back_to(person: User) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:accounts_user_overview", args=[person.pk]))

"""Groups in the admin: who is in them, what they used this month, and what their own policies say."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import RequiredSecondFactor, User
from audit.admin import AuditedAdmin
from console.dashboard import Figure
from console.navigation import Pages
from console.person_page import left
from console.policies import sentences
from console.role_admin import GroupsBesideRoles
from console.templatetags.figures import grouped, short
from limits.models import Policy
from limits.reports import By, totals
from limits.standing import standing_of_pool

if TYPE_CHECKING:  # generic for the type checker only
    _ModelForm = forms.ModelForm[Group]
else:
    _ModelForm = forms.ModelForm

MOST_MEMBERS = 100


class GroupForm(_ModelForm):
    """A group, and whether its members must have a second factor."""

    second_factor = forms.BooleanField(
        label=gettext_lazy("Second factor required"),
        required=False,
        help_text=gettext_lazy("Members who have none are led to setting one up before they can use the site."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["second_factor"] = RequiredSecondFactor.objects.filter(group=self.instance.pk).exists()


admin.site.unregister(Group)


@admin.register(Group)
class GroupOfPeopleAdmin(GroupsBesideRoles, AuditedAdmin, GroupAdmin):
    """People who are allowed the same."""

    list_display = ("name", "members", "says")
    form = GroupForm
    fieldsets = (
        (None, {"fields": ("name", "second_factor")}),
        (gettext_lazy("Rights in the console"), {"fields": ("permissions",), "classes": ("collapse",)}),
    )
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        groups = cast("QuerySet[Group]", super().get_queryset(request))
        return groups.annotate(members=Count("user")).prefetch_related("policies")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.cleaned_data.get("second_factor"):
            RequiredSecondFactor.objects.get_or_create(group=obj)
        else:
            RequiredSecondFactor.objects.filter(group=obj).delete()

    @admin.display(description=gettext_lazy("members"), ordering="members")
    def members(self, group: Any) -> int:
        return int(group.members)

    @admin.display(description=gettext_lazy("its policies"))
    def says(self, group: Any) -> str:
        return " · ".join("; ".join(sentences(policy)) for policy in group.policies.all()) or "–"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        group = self.get_object(request, object_id)
        about = _about(group, Pages(request)) if group else {}
        return super().change_view(request, object_id, form_url, {**about, **(extra_context or {})})


def _about(group: Any, pages: Pages) -> dict[str, Any]:
    """What the page says beside the form."""
    today = datetime.now(UTC).date()
    members = User.objects.filter(groups=group).order_by("username")
    about: dict[str, Any] = {
        "group": group,
        "members": members[:MOST_MEMBERS] if pages.rows("accounts.User") else None,
        "figures": [Figure(_("Members"), grouped(group.members), f"{pages.rows('accounts.User')}?group={group.pk}")],
        "policies": pages.rows("limits.Policy"),
        "own": [(policy, "; ".join(sentences(policy))) for policy in Policy.objects.filter(group=group)],
        "shown": MOST_MEMBERS,
    }
    usage = pages.page("usage", "limits.view_usage")
    if usage:
        about["figures"] += _used(group, usage)
        about["rows"] = totals(By.PERSON, today.replace(day=1), today, group=group.pk)[:MOST_MEMBERS]
    return about


def _used(group: Any, usage: str) -> list[Figure]:
    """Tokens of its members this month, and of its pool where it has one."""
    today = datetime.now(UTC).date()
    month = totals(By.MODEL, today.replace(day=1), today, group=group.pk)
    figures = [
        Figure(_("Tokens this month"), short(sum(one.charged for one in month)), f"{usage}?by=person&group={group.pk}")
    ]
    pool = standing_of_pool(group.pk)
    spans = ((_("Shared pool today"), pool.day), (_("Shared pool this month"), pool.month))
    return figures + [Figure(name, short(one.used + one.reserved), "", left(one)) for name, one in spans if one]

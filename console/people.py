"""People in the admin: their roles, what they used, what is left to them, and what restrains them."""

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import invitations
from accounts.models import User
from audit.admin import AuditedAdmin
from console import holds, people_filters, person_access, person_page, restraints
from console.people_actions import ActsOnSeveral
from console.people_erasing import ErasesPeople
from console.people_list import PeopleList, role_among
from console.role_admin import RolesOfPeople
from console.roles import GROUPS
from console.templatetags.figures import short
from limits.quotas import Quota

if TYPE_CHECKING:  # generic for the type checker only
    _UserAdmin = UserAdmin[User]
else:
    _UserAdmin = UserAdmin

Deleted = tuple[list[Any], dict[str, int], set[str], list[Any]]  # objects, counts, permissions lacking, protected

# Of allauth: here an address is a field of the person; sessions and second factors are their own affair.
for model in (Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken, UserSession):
    admin.site.unregister(model)


@admin.register(User)
class PersonAdmin(ActsOnSeveral, RolesOfPeople, ErasesPeople, AuditedAdmin, _UserAdmin):
    """Accounts, with the e-mail address that everyone here must have."""

    audited_as = "person"
    list_display = ("person", "role_and_groups", "today", "month", "state", "signed_in")
    list_display_links = None
    list_filter = (people_filters.HasRole, people_filters.InGroup, people_filters.Standing)
    list_per_page = 25
    list_max_show_all = 0  # each row asks for its limits
    show_full_result_count = False
    search_help_text = gettext_lazy("A name or e-mail address")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (gettext_lazy("About"), {"fields": ("first_name", "last_name", "email")}),
        (gettext_lazy("Rights"), {"fields": ("is_active", "role", "groups")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "usable_password", "password1", "password2")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            invitations.vouch(obj)

    def get_changelist(self, request: HttpRequest, **more: Any) -> type[PeopleList]:
        return PeopleList

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **more: Any) -> Any:
        if db_field.name == "groups":
            more["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **more)

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        pages = [
            path("<int:pk>/overview/", door(person_page.overview), name="accounts_user_overview"),
            path("<int:pk>/restrain/", door(restraints.restrain), name="accounts_user_restrain"),
            path("<int:pk>/lift/", door(restraints.lift), name="accounts_user_lift"),
            path("<int:pk>/hold/", door(holds.hold), name="accounts_user_hold"),
            path("<int:pk>/hold/lift/", door(holds.lift), name="accounts_user_lift_hold"),
            path("<int:pk>/password-link/", door(person_access.password_link), name="accounts_user_password_link"),
            path("<int:pk>/second-factor/", door(person_access.remove_factors), name="accounts_user_remove_factors"),
        ]
        return pages + super().get_urls()

    @admin.display(description=gettext_lazy("name"), ordering="username")
    def person(self, person: User) -> SafeString:
        page = reverse("admin:accounts_user_overview", args=[person.pk])
        name, address = person.get_username(), person.email
        return format_html('<a href="{}"><strong>{}</strong></a><span class="help">{}</span>', page, name, address)

    @admin.display(description=gettext_lazy("role and groups"))
    def role_and_groups(self, person: User) -> str:
        role = role_among(person)
        groups = [group.name for group in person.groups.all() if group.name not in GROUPS.values()]
        return " · ".join([*([str(role.label)] if role else []), *groups]) or "–"

    @admin.display(description=gettext_lazy("today"))
    def today(self, person: Any) -> SafeString:
        return _used(person.known.today, person.known.quota_day)

    @admin.display(description=gettext_lazy("this month"))
    def month(self, person: Any) -> SafeString:
        return _used(person.known.month, person.known.quota_month)

    @admin.display(description=gettext_lazy("last sign-in"), ordering="last_login")
    def signed_in(self, person: User) -> str:
        return date_format(person.last_login, "SHORT_DATE_FORMAT") if person.last_login else _("never")

    @admin.display(description=gettext_lazy("state"))
    def state(self, person: Any) -> SafeString | str:
        restraint = person.known.restraint
        if not person.is_active:
            return format_html('<span class="state" data-state="failed">{}</span>', _("may not sign in"))
        if restraint:
            shown = restraint.get_kind_display()
            return format_html('<span class="state" data-state="{}">{}</span>', restraint.kind, shown)
        return "–"

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Deleted:
        """The people by name, and all that goes with them by number: who may delete a person may delete that."""
        _listed, counts, _lacking, protected = super().get_deleted_objects(objs, request)
        return [str(person) for person in objs], counts, set(), protected


def _used(tokens: int, quota: Quota | None) -> SafeString:
    if quota is None:
        return format_html('<span class="figure">{}</span>', short(tokens))
    left = _("%(left)s left") % {"left": short(quota.left)}
    meter = format_html(
        '<meter min="0" max="{}" high="{}" value="{}"></meter>',
        quota.limit,
        quota.limit * 9 // 10,
        quota.limit - quota.left,
    )
    return format_html('<span class="figure">{}</span> <small>{}</small>{}', short(tokens), left, meter)

"""How the list of people is narrowed: by role, by group, and by whether they may write."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.people_list import restrained_now
from console.roles import GROUPS, Role
from limits.models import Restraint

MOST_GROUPS = 100


class HasRole(admin.SimpleListFilter):
    """Owners, administrators, moderators, auditors, and members without any role."""

    title = gettext_lazy("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*((role.value, role.label) for role in Role), ("member", _("member"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value()
        if wanted == Role.OWNER:
            return queryset.filter(is_superuser=True)
        if wanted == "member":
            return queryset.filter(is_superuser=False).exclude(groups__name__in=GROUPS.values())
        if wanted in GROUPS:
            return queryset.filter(is_superuser=False, groups__name=GROUPS[Role(wanted)])
        return queryset


class InGroup(admin.SimpleListFilter):
    """Members of one group; groups that stand for roles have a filter of their own."""

    title = gettext_lazy("group")
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        groups = Group.objects.exclude(name__in=GROUPS.values()).order_by("name")
        return [(str(pk), name) for pk, name in groups.values_list("pk", "name")[:MOST_GROUPS]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value() or ""
        return queryset.filter(groups=int(wanted)) if wanted.isdecimal() else queryset


class Standing(admin.SimpleListFilter):
    """Who may write, who is restrained, and who may not even sign in."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("free", _("not restrained")), ("restrained", _("slowed or suspended")), ("out", _("may not sign in"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        restrained = Exists(Restraint.objects.filter(restrained_now(), user=OuterRef("pk")))
        wanted = {
            "free": Q(is_active=True) & ~Q(restrained),
            "restrained": Q(restrained),
            "out": Q(is_active=False),
        }
        return queryset.filter(wanted.get(self.value() or "", Q()))

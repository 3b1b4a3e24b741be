"""The filters of the review queue: open incidents unless another state is asked for."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from moderation.models import Decision, Rule


class State(admin.SimpleListFilter):
    """Where they stand; open, when nothing is said."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*Decision.choices, ("all", _("all"))]

    def value(self) -> str:
        given = super().value()
        return given if given in {*Decision.values, "all"} else Decision.OPEN.value

    def choices(self, changelist: Any) -> Iterator[Any]:
        for value, label in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: value})
            yield {"selected": self.value() == value, "query_string": query, "display": label}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.value() == "all" else queryset.filter(state=self.value())


class Origin(admin.SimpleListFilter):
    """Found by a rule or reported by a person; or a person appeals."""

    title = gettext_lazy("comes from")
    parameter_name = "from"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("rule", _("a rule")), ("report", _("a report")), ("appeal", _("an appeal that waits"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any]:
        if self.value() == "appeal":
            return queryset.appealed()  # type: ignore[no-any-return]
        wanted = {"rule": {"rule__isnull": False}, "report": {"rule__isnull": True}}
        return queryset.filter(**wanted.get(self.value() or "", {}))  # type: ignore[no-any-return]


class OfRule(admin.SimpleListFilter):
    """The rules there are; of one that is gone, incidents are found by its number in the address."""

    title = gettext_lazy("rule")
    parameter_name = "rule"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        known = [(str(pk), name) for pk, name in Rule.objects.values_list("pk", "name")]
        given = request.GET.get(self.parameter_name, "")
        gone = given.isdecimal() and given not in dict(known)
        return [*known, *([(given, _("rule %(number)s") % {"number": given})] if gone else [])]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(rule=int(value)) if value and value.isdecimal() else queryset


class Assigned(admin.SimpleListFilter):
    """Whose they are to decide."""

    title = gettext_lazy("assigned to")
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("me", _("me")), ("nobody", pgettext("assigned to", "nobody")), ("others", _("others"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "me":
            return queryset.filter(assigned_to=request.user.pk)
        if self.value() == "nobody":
            return queryset.filter(assigned_to=None)
        if self.value() == "others":
            return queryset.filter(assigned_to__isnull=False).exclude(assigned_to=request.user.pk)
        return queryset

"""What may be asked of a list in the admin by its address: what its own filters ask, and no more."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.db.models import DateField
from django.http import HttpRequest

if TYPE_CHECKING:  # generic for the type checker only
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class OnlyItsFilters(_ModelAdmin):
    """A mixin for each ModelAdmin there is, to stand before Django's own.

    Django lets an address ask anything of a row's own fields: by ``?text__startswith=a`` texts could be guessed letter
    by letter, and a regular expression that takes for ever keeps a process of a site on SQLite busy for ever.
    """

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        asked = {name for one in self.get_list_filter(request) for name in self._parameters(one)}
        return lookup in asked and "\0" not in value  # which PostgreSQL does not compare with anything

    def _parameters(self, one: Any) -> set[str]:
        """What a filter reads of the address: one of ours, or Django's for a field."""
        if isinstance(one, type) and issubclass(one, admin.SimpleListFilter):
            return {str(one.parameter_name)}
        field: Any = get_fields_from_path(self.model, one)[-1]
        if field.is_relation:
            return {f"{one}__{field.target_field.name}__exact", f"{one}__isnull"}
        if isinstance(field, DateField):
            return {f"{one}__gte", f"{one}__lt", f"{one}__isnull"}
        return {one, f"{one}__exact", f"{one}__isnull"}

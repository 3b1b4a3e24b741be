"""What administrators add, change and delete on the admin's pages, each as an entry of the audit log."""

import copy
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.log import record
from audit.lookups import OnlyItsFilters

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

SECRET = frozenset({"password", "password1", "password2", "usable_password"})


class AuditedAdmin(OnlyItsFilters):
    """A mixin for a ModelAdmin: an entry goes with each change, in its transaction; without the one no other.

    ``audited_as`` is the thing in the action (``policy.changed``), the model's name unless given. Fields in
    ``unlogged`` are named when they change, and their values left out. Actions of an admin's own call ``record``.
    """

    audited_as: ClassVar[str] = ""
    unlogged: ClassVar[frozenset[str]] = frozenset()

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Where Django has saved a form, of whichever page, and asks what to note of it."""
        row = form.instance if hasattr(form, "instance") else form.user
        details = changes(form, SECRET | self.unlogged) | _rows_beside(formsets or ())
        if add or details:
            self._record(request, "created" if add else "changed", row, details)
        return super().construct_change_message(request, form, formsets, add)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        gone = copy.copy(obj)  # which keeps its id
        with transaction.atomic():
            super().delete_model(request, obj)
            self._record(request, "deleted", gone, {})

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            gone = list(queryset)
            super().delete_queryset(request, queryset)
            for row in gone:
                self._record(request, "deleted", row, {})

    def _record(self, request: HttpRequest, done: str, row: models.Model, details: dict[str, Any]) -> None:
        thing = self.audited_as or str(self.opts.model_name)
        record(f"{thing}.{done}", actor=cast("AbstractUser", request.user), subject=row, details=details)


def changes(form: forms.BaseForm, unlogged: frozenset[str] = SECRET) -> dict[str, Any]:
    """The changed fields of a saved form: ``{"old": …, "new": …}`` of each, empty for those not to be logged."""
    shown = {name: _change(form, name) for name in form.changed_data if name not in unlogged and name in form.fields}
    # A form may say of a time that it changed when only its way of writing did.
    told = {name: change for name, change in shown.items() if change["old"] != change["new"]}
    return told | {name: {} for name in form.changed_data if name not in shown}


def _change(form: forms.BaseForm, name: str) -> dict[str, Any]:
    field = form.fields[name]
    old = form.get_initial_for_field(field, name)
    if old is not None and type(field) is forms.ModelChoiceField and field.queryset is not None:
        old = field.queryset.model._default_manager.filter(pk=old).first()
    return {"old": _named(old), "new": _named(form.cleaned_data.get(name))}


def _named(value: Any) -> Any:
    if isinstance(value, QuerySet | list | tuple | set):
        return sorted(str(one) for one in value)
    return value


def _rows_beside(formsets: Any) -> dict[str, Any]:
    """Rows of other tables that were edited on the same page."""
    found: dict[str, Any] = {}
    for formset in formsets:
        kind = str(formset.model._meta.model_name)
        told = [f"added {row}" for row in formset.new_objects]
        told += [f"changed {row}: {', '.join(fields)}" for row, fields in formset.changed_objects]
        told += [f"deleted {row}" for row in formset.deleted_objects]
        if told:
            found[kind] = told
    return found

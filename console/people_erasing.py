"""Deleting people in the admin: with all that is theirs and a receipt, and nobody who is under a legal hold."""

import copy
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.models import User
from audit import holds
from audit.log import record
from retention import erasing

if TYPE_CHECKING:  # generic for the type checker only
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class ErasesPeople(_ModelAdmin):
    """A mixin for the admin of people; what says who may delete whom stands before it."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or not holds.on(obj.pk))

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        self._erase(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for person in queryset:
            self._erase(request, person)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        if User.objects.filter(pk=obj_id).exists():  # a message says why
            return HttpResponseRedirect(reverse("admin:accounts_user_overview", args=[obj_id]))
        return super().response_delete(request, obj_display, obj_id)

    def _erase(self, request: HttpRequest, person: User) -> None:
        by, gone = cast("User", request.user), copy.copy(person)  # which keeps its id
        try:
            erasing.erase(person, by=by)
        except erasing.Stays as why:
            messages.error(request, f"{person}: {why}")
        else:
            record("person.deleted", actor=by, subject=gone)

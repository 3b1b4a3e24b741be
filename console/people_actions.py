"""What administrators do with several people at once: add them to a group, restrain them, let them sign in again."""

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from audit.log import record
from console.restraints import RestrainForm
from console.roles import GROUPS, may_edit

if TYPE_CHECKING:  # generic for the type checker only
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class GroupToo(ActionForm):
    """The choice of an action, and of the group that people are added to."""

    group = forms.ModelChoiceField(
        label=gettext_lazy("Group"),
        required=False,
        queryset=Group.objects.exclude(name__in=GROUPS.values()).order_by("name"),
    )


class ActsOnSeveral(_ModelAdmin):
    """A mixin for the admin of people."""

    action_form = GroupToo
    actions = ("add_to_group", "restrain", "activate")

    @admin.action(description=gettext_lazy("Add to the group chosen beside"), permissions=["change"])
    @transaction.atomic
    def add_to_group(self, request: HttpRequest, people: QuerySet[User]) -> None:
        form = GroupToo(request.POST)
        form.fields["action"].choices = self.get_action_choices(request)  # type: ignore[attr-defined]
        group = form.cleaned_data.get("group") if form.is_valid() else None
        if group is None:
            messages.error(request, _("Choose a group beside the action."))
            return
        for person in self._editable(request, people):
            person.groups.add(group)
            record("person.changed", actor=cast("User", request.user), subject=person, details={"added_to": group.name})
        _done(request, people, _("added to the group %(name)s") % {"name": group})

    @admin.action(description=gettext_lazy("Let them sign in again"), permissions=["change"])
    @transaction.atomic
    def activate(self, request: HttpRequest, people: QuerySet[User]) -> None:
        out = [person for person in self._editable(request, people) if not person.is_active]
        for person in out:
            person.is_active = True
            person.save(update_fields=["is_active"])
        for person in out:  # when all are locked: the first entry holds the audit log
            record("person.activated", actor=cast("User", request.user), subject=person)
        _done(request, people, _("may sign in"))

    @admin.action(description=gettext_lazy("Slow or suspend"), permissions=["restrain"])
    def restrain(self, request: HttpRequest, people: QuerySet[User]) -> HttpResponse | None:
        chosen = self._editable(request, people)
        confirmed = request.POST if "confirmed" in request.POST else None
        form = RestrainForm(confirmed, initial={"kind": "suspend", "hours": "24"})
        if form.is_valid():
            with transaction.atomic():
                # All of them first: whoever suspends one holds them, then the audit log.
                list(User.objects.select_for_update(no_key=True).filter(pk__in=[one.pk for one in chosen]))
                for person in chosen:
                    form.restrain(person, cast("User", request.user))
            _done(request, people, _("restrained from now on"))
            return None
        title, button = _("Slow or suspend several people"), _("Slow or suspend")
        context = {**self.admin_site.each_context(request), "title": title, "button": button, "form": form}
        return render(request, "console/restrain.html", {**context, "people": chosen, "action": "restrain"})

    def has_restrain_permission(self, request: HttpRequest) -> bool:
        """Asked by Django for the action."""
        return request.user.has_perm("limits.add_restraint")

    def _editable(self, request: HttpRequest, people: QuerySet[User]) -> list[User]:
        chosen = list(people)
        if not all(may_edit(request.user, person) for person in chosen):
            raise PermissionDenied
        return chosen


def _done(request: HttpRequest, people: QuerySet[User], what: str) -> None:
    number = people.count()
    words = ngettext("%(number)d person: %(what)s.", "%(number)d people: %(what)s.", number)
    messages.success(request, words % {"number": number, "what": what})

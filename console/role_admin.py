"""Roles on the admin's pages of people and groups: who may give which, and that nobody rises by the side door."""

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from console.roles import GROUPS, Role, give, may_edit, may_give, role_groups, role_of
from retention.erasing import is_last_owner

if TYPE_CHECKING:  # generic for the type checker only
    _ModelAdmin = admin.ModelAdmin[Any]
    _UserChangeForm = UserChangeForm[User]
else:
    _ModelAdmin, _UserChangeForm = admin.ModelAdmin, UserChangeForm

OWNERS_ONLY = ("is_staff", "is_superuser", "user_permissions")  # a role gives these; owners may go beyond it


class RoleField(forms.TypedChoiceField):
    """A choice among the roles that ``editor`` may give, and none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(coerce=_role, required=False, empty_value=None, **options)

    def offer(self, editor: User, current: Role | None) -> None:
        """Only what the editor may give; who may give nothing sees what is and cannot change it."""
        offered = may_give(editor)
        self.disabled = not offered
        kept = offered or [role for role in Role if role is current]
        self.choices = [("", pgettext_lazy("role", "none")), *((role.value, role.label) for role in kept)]


def _role(value: str) -> Role | None:
    return Role(value) if value else None


class RoleForm(_UserChangeForm):
    """A person's form with a role in it. ``editor`` is set by the page."""

    editor: User
    role = RoleField(label=_("Role"), help_text=_("What the person may do in the console."))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        current = role_of(self.instance)
        self.initial["role"] = current.value if current else ""
        if "role" in self.fields:
            cast("RoleField", self.fields["role"]).offer(self.editor, current)
        if "groups" in self.fields:
            groups = cast("forms.ModelMultipleChoiceField[Group]", self.fields["groups"])
            groups.queryset = Group.objects.exclude(name__in=GROUPS.values())

    def clean_groups(self) -> QuerySet[Group]:
        """Groups that stand for roles are not among the choices, and stay as they are."""
        chosen = self.cleaned_data["groups"].values("pk")
        kept = role_groups().filter(user=self.instance).values("pk")
        return Group.objects.filter(models.Q(pk__in=chosen) | models.Q(pk__in=kept))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        before = role_of(self.instance)
        stays = cleaned.get("role", before) is Role.OWNER and cleaned.get("is_active", True)
        if before is Role.OWNER and not stays and is_last_owner(self.instance):
            raise ValidationError(_("The site needs an owner, and this is the last one."))
        return cleaned


class RolesOfPeople(_ModelAdmin):
    """A mixin for the admin of people. Put ``role`` in the fieldsets of the change page."""

    form = RoleForm

    @admin.display(description=_("Role"))
    def role(self, person: User) -> str:
        """For lists, and for those who may only look."""
        role = role_of(person)
        return str(role.label) if role else "–"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None:
            kwargs["form"] = type("RoleForm", (self.form,), {"editor": request.user})
        return super().get_form(request, obj, change=change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if cast("User", request.user).is_superuser else (*fields, *OWNERS_ONLY)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or may_edit(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if not super().has_delete_permission(request, obj):
            return False
        return obj is None or (may_edit(request.user, obj) and not is_last_owner(obj))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Several at once, which Django does not ask about one by one where the page lists them by itself."""
        if not all(self.has_delete_permission(request, person) for person in queryset):
            raise PermissionDenied
        if not User.objects.filter(is_superuser=True, is_active=True).exclude(pk__in=queryset.values("pk")).exists():
            raise PermissionDenied
        super().delete_queryset(request, queryset)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "role" in form.changed_data:
            give(form.instance, form.cleaned_data["role"], by=cast("User", request.user))

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """In one transaction with its audit entry, as the admin's other pages are."""
        with transaction.atomic():
            answer: HttpResponse = super().user_change_password(request, id, form_url)  # type: ignore[misc]
            return answer


class GroupsBesideRoles(_ModelAdmin):
    """A mixin for the admin of groups: those of roles are not shown, and only owners give permissions to others."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).exclude(name__in=GROUPS.values())

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if cast("User", request.user).is_superuser else (*fields, "permissions")

"""People and groups in the admin: their roles, what they used, what is left to them, and what restrains them."""

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from accounts.models import User
from audit.admin import AuditedAdmin
from console.role_admin import GroupsBesideRoles, RolesOfPeople

if TYPE_CHECKING:  # generic for the type checker only
    _UserAdmin = UserAdmin[User]
else:
    _UserAdmin = UserAdmin

Deleted = tuple[list[Any], dict[str, int], set[str], list[Any]]  # objects, counts, permissions lacking, protected

admin.site.unregister(EmailAddress)  # of allauth: here an address is a field of the person
admin.site.unregister(Group)


@admin.register(User)
class PersonAdmin(RolesOfPeople, AuditedAdmin, _UserAdmin):
    """Django's own pages for accounts, with the e-mail address that everyone here must have."""

    audited_as = "person"
    list_display = ("username", "email", "role", "is_active", "last_login", "date_joined")
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "usable_password", "password1", "password2")}),
    )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Deleted:
        """The people by name, and all that goes with them by number: who may delete a person may delete that."""
        _listed, counts, _lacking, protected = super().get_deleted_objects(objs, request)
        return [str(person) for person in objs], counts, set(), protected


@admin.register(Group)
class GroupOfPeopleAdmin(GroupsBesideRoles, AuditedAdmin, GroupAdmin):
    """People who are allowed the same."""

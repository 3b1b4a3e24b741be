"""What each role may do in the console: one table, kept in Django's groups, which a role's people are in.

An owner is a superuser and needs no table. Every role is on the staff, or it could not enter the console.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import AppConfig
from django.contrib.auth.models import Group, Permission
from django.db import models, transaction
from django.db.models import QuerySet
from django.utils.translation import pgettext_lazy

from accounts.models import User
from audit.log import record


class Role(models.TextChoices):
    """From the one who may most to the one who may least."""

    OWNER = "owner", pgettext_lazy("role", "owner")
    ADMIN = "admin", pgettext_lazy("role", "administrator")
    MODERATOR = "moderator", pgettext_lazy("role", "moderator")
    AUDITOR = "auditor", pgettext_lazy("role", "auditor")
    REVIEWER = "reviewer", pgettext_lazy("role", "reviewer")


GROUPS: dict[Role, str] = {role: f"role:{role}" for role in Role if role is not Role.OWNER}
IN_TABLE = (Role.ADMIN, Role.MODERATOR, Role.AUDITOR)

# By model: the first letters of view, add, change and delete, for administrator, moderator and auditor.
TABLE: dict[str, tuple[str, str, str]] = {
    "accounts.apikey": ("vc", "", "v"),
    "accounts.invitation": ("vac", "", "v"),
    "accounts.user": ("vacd", "", "v"),
    "audit.entry": ("v", "", "v"),
    "audit.hold": ("vac", "", "v"),
    "audit.receipt": ("v", "", "v"),
    "auth.group": ("vacd", "", "v"),
    "console.banner": ("vacd", "", "v"),
    "conversations.conversation": ("v", "", "v"),
    "conversations.message": ("v", "", "v"),
    "conversations.rating": ("v", "", "v"),
    "conversations.preset": ("vacd", "", "v"),
    "conversations.savedprompt": ("vacd", "", "v"),
    "conversations.share": ("vc", "", "v"),
    "limits.policy": ("vacd", "", "v"),
    "limits.restraint": ("vacd", "", "v"),
    "limits.usage": ("v", "", "v"),
    "limits.window": ("v", "", "v"),
    "moderation.incident": ("vc", "vc", "v"),
    "moderation.note": ("va", "va", "v"),
    "moderation.rule": ("vacd", "vacd", "v"),
    "retention.rule": ("vacd", "", "v"),
}
BESIDES = {  # permissions that are not of the four; a reviewer has nothing else
    "audit.read_conversation": (Role.ADMIN,),
    "conversations.review_nomination": (Role.ADMIN, Role.REVIEWER),
}
VERBS = {"v": "view", "a": "add", "c": "change", "d": "delete"}


def permissions_of(role: Role) -> set[str]:
    """Names such as ``limits.view_policy``. An owner has all there are, these among them."""
    if role is Role.OWNER:
        return {name for other in GROUPS for name in permissions_of(other)}
    besides = {name for name, roles in BESIDES.items() if role in roles}
    return besides | set(_from_table(IN_TABLE.index(role)) if role in IN_TABLE else ())


def role_of(user: Any) -> Role | None:
    """The person's role; of several that a hand gave, the one that may most."""
    if user.is_superuser:
        return Role.OWNER
    names = set(user.groups.filter(name__in=GROUPS.values()).values_list("name", flat=True))
    return next((role for role, name in GROUPS.items() if name in names), None)


def has_role(user: Any, *roles: Role) -> bool:
    """Whether the person is active and has one of these roles."""
    return bool(user.is_active and role_of(user) in roles)


def administers(user: Any) -> bool:
    """Whether the person may give orders to engines and the like, for which no model has a permission."""
    return has_role(user, Role.OWNER, Role.ADMIN)


def may_edit(editor: Any, person: Any) -> bool:
    """Nobody but an owner touches an owner. Which people at all one may edit, their permissions say."""
    return bool(editor.is_superuser or not person.is_superuser)


def may_give(editor: Any) -> list[Role]:
    """The roles that this person can give and take."""
    if editor.is_superuser:
        return list(Role)
    return [role for role in Role if role is not Role.OWNER] if has_role(editor, Role.ADMIN) else []


@transaction.atomic
def give(person: User, role: Role | None, *, by: User | None) -> None:
    """Let the person have this role and no other, and with None none: then they leave the staff too."""
    before = role_of(person)
    person.groups.remove(*role_groups())
    if role in GROUPS:
        person.groups.add(Group.objects.get(name=GROUPS[role]))
    person.is_superuser = role is Role.OWNER
    person.is_staff = role is not None
    person.save(update_fields=["is_superuser", "is_staff"])
    record("person.role_changed", actor=by, subject=person, details={"old": before or "", "new": role or ""})


def role_groups() -> QuerySet[Group]:
    """The groups that stand for roles. People make others, which these leave alone."""
    return Group.objects.filter(name__in=GROUPS.values())


def make_groups(sender: AppConfig, using: str, **more: Any) -> None:
    """After ``migrate``: the groups are there and have what the table says, whatever hands did to them meanwhile."""
    rights = Permission.objects.using(using).select_related("content_type")
    ours = rights.filter(content_type__app_label__in={name.partition(".")[0] for name in permissions_of(Role.OWNER)})
    known = {f"{one.content_type.app_label}.{one.codename}": one for one in ours}
    for role, name in GROUPS.items():
        group, _made = Group.objects.using(using).get_or_create(name=name)
        # One that is not known yet comes when a migration that goes step by step is at its end.
        group.permissions.set(known[one] for one in permissions_of(role) & known.keys())


def _from_table(column: int) -> Iterator[str]:
    for model, letters in TABLE.items():
        app, name = model.split(".")
        yield from (f"{app}.{VERBS[letter]}_{name}" for letter in letters[column])

"""What people keep to use again: prompts and presets, their own and the team's. Who may change which, and how they are
named: a name is one row's among a person's own, and one row's among the team's."""

from typing import TypeVar, cast

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext as _

from accounts.models import User
from audit import holds
from audit.log import record
from conversations.models import Preset, SavedPrompt
from conversations.models.prompt import Kept
from conversations.refusals import Refused

MOST = 200  # of one kind a person may keep
SHOWN = 500  # of one kind in a list
OFFERED = 6  # presets on the page of a new conversation

K = TypeVar("K", Preset, SavedPrompt)


def visible(kind: type[K], user: User) -> "QuerySet[K]":
    """The person's own and the team's, by name."""
    return cast("QuerySet[K]", kind.objects.visible_to(user).order_by(Lower("name"), "pk"))


def may_add_for_team(kind: type[Kept], user: User) -> bool:
    return user.has_perm(f"conversations.add_{kind._meta.model_name}")


def may_change(row: Kept, user: User) -> bool:
    """One's own, and what is the team's by one's role."""
    if row.is_team:
        return user.has_perm(f"conversations.change_{row._meta.model_name}")
    return row.owner_id == user.pk


def may_delete(row: Kept, user: User) -> bool:
    if row.is_team:
        return user.has_perm(f"conversations.delete_{row._meta.model_name}")
    return row.owner_id == user.pk


def changeable(kind: type[K], user: User, pk: int) -> K:
    """The row, to be changed by this person. Raises DoesNotExist for one that is not theirs to change."""
    row: K = kind.objects.visible_to(user).get(pk=pk)
    if not may_change(row, user):
        raise kind.DoesNotExist
    return row


@transaction.atomic
def save(row: K, user: User) -> K:
    """Save a new row or a changed one. Raises Refused for a name that is taken, or one row too many."""
    is_new = row.pk is None
    if is_new:
        row.owner = user
        _check_number(row, user)
    check_name(row)
    row.updated_at = Now()
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:  # at the same moment, or letters that the database alone takes for the same
        raise _taken(row) from error
    if row.is_team:
        _record(row, user, "created" if is_new else "changed")
    return row


@transaction.atomic
def delete(row: Kept, user: User) -> None:
    """For ever. The caller knows that this person may."""
    is_kept = row.owner_id is not None and holds.keeps(row.owner_id)
    if row.is_team:
        _record(row, user, "deleted")
    if row.owner_id and is_kept:
        holds.withhold(row, row.owner_id)
    row.delete()


def check_name(row: Kept) -> None:
    """Without spaces around it. Raises Refused for one that is empty or taken."""
    row.name = " ".join(row.name.replace("\x00", "\N{REPLACEMENT CHARACTER}").split())  # PostgreSQL stores no NUL
    if not row.name:
        raise Refused("name", _("Give it a name."))
    if _is_taken(row):
        raise _taken(row)


def _check_number(row: Kept, user: User) -> None:
    if type(row).objects.filter(owner=user).count() >= MOST:
        raise Refused("too_many_kept", _("You keep %(most)d already. Delete one first.") % {"most": MOST}, MOST)


def _is_taken(row: Kept) -> bool:
    same = type(row).objects.exclude(pk=row.pk).alias(lowered=Lower("name")).filter(lowered=Lower(Value(row.name)))
    owned = Q(owner=row.owner_id) if row.owner_id else Q()
    found: bool = same.filter(owned | Q(is_team=True) if row.is_team else owned).exists()
    return found


def _taken(row: Kept) -> Refused:
    words = {"name": row.name}
    if row.is_team:
        return Refused("name_taken", _("You or the team have “%(name)s” already. Choose another name.") % words)
    return Refused("name_taken", _("You have “%(name)s” already. Choose another name.") % words)


def _record(row: Kept, user: User, done: str) -> None:
    record(f"{row._meta.model_name}.{done}", actor=user, subject=row)

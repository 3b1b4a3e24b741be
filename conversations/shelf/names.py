"""A person's folders and tags: made, renamed, deleted. Their names are unique for the person, whatever their case."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from conversations.models import Conversation, Folder, Tag
from conversations.refusals import Refused
from conversations.shelf import Shelved

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST = 100  # of each kind: all of them are offered wherever one is chosen

Kind = type[Folder] | type[Tag]

_TAKEN: dict[Kind, "StrOrPromise"] = {
    Folder: _("You have a folder of this name."),
    Tag: _("You have a tag of this name."),
}
_TOO_MANY: dict[Kind, "StrOrPromise"] = {
    Folder: _("You have %(allowed)d folders, as many as there can be. Delete one first."),
    Tag: _("You have %(allowed)d tags, as many as there can be. Delete one first."),
}


def create(user: User, kind: Kind, name: str) -> Shelved:
    """Make one. Raises Refused: ``empty``, ``too_long``, ``taken``, ``too_many``."""
    name = _checked(kind, name)
    if kind.objects.visible_to(user).count() >= MOST:
        raise Refused("too_many", _TOO_MANY[kind] % {"allowed": MOST}, MOST)
    made = kind(owner=user, name=name)
    _unless_taken(kind, made.save)
    return _named(kind, made.pk, name)


def rename(user: User, kind: Kind, pk: int, name: str) -> Shelved:
    """Give it another name. Raises Refused as ``create``, or DoesNotExist."""
    name = _checked(kind, name)
    one = kind.objects.visible_to(user).get(pk=pk)
    one.name = name
    _unless_taken(kind, lambda: one.save(update_fields=["name"]))
    return _named(kind, pk, name)


@transaction.atomic
def delete(user: User, kind: Kind, pk: int) -> Shelved:
    """Delete it; its conversations stay. Raises DoesNotExist. Who puts something into it meanwhile waits."""
    one = kind.objects.visible_to(user).select_for_update().get(pk=pk)
    inside = Conversation.objects.filter(pk__in=one.conversations.values("pk"))
    list(inside.held().values_list("pk", flat=True))  # Django would lock them in any order, against all other verbs
    one.delete()
    return _named(kind, pk, None)


def _named(kind: Kind, pk: int, name: str | None) -> Shelved:
    return Shelved(now={kind._meta.model_name or "": {"id": pk, "name": name}})


def _checked(kind: Kind, name: str) -> str:
    name = " ".join(name.replace("\x00", "\N{REPLACEMENT CHARACTER}").split())
    allowed = kind._meta.get_field("name").max_length
    if not name:
        raise Refused("empty", _("A name needs a letter."))
    if allowed and len(name) > allowed:
        detail = _("The name has %(has)d characters; %(allowed)d are allowed.")
        raise Refused("too_long", detail % {"has": len(name), "allowed": allowed}, allowed)
    return name


def _unless_taken(kind: Kind, save: Callable[[], None]) -> None:
    try:
        with transaction.atomic():
            save()
    except IntegrityError as error:
        raise Refused("taken", _TAKEN[kind]) from error

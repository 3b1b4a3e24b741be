"""How a person keeps conversations in order: titles, pins, archive, trash, folders, tags.

Each verb is for all of the conversations named or, where one is not the person's, for none of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit import holds, receipts
from conversations import checks, deletion, metrics
from conversations.models import Conversation, Folder, Message, Tag
from conversations.refusals import Refused
from conversations.services import stop
from conversations.states import State
from limits import ledger
from limits.policies import limits_of

MOST_PINNED = 50  # they are all listed, always
LONGEST_TITLE = 200  # characters

Ids = frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Shelved:
    """What was done: to which conversations, and how they are ``now``, as in docs/websocket.md."""

    conversations: Ids = frozenset()
    now: dict[str, Any] = field(default_factory=dict)
    stopping: tuple[UUID, ...] = ()  # replies whose end was asked for


def rename(user: User, conversation: UUID, title: str) -> Shelved:
    """Give it a title, which the rules of this site read as they read a message. Raises Refused."""
    title = " ".join(title.replace("\x00", "\N{REPLACEMENT CHARACTER}").split())
    if not title:
        raise Refused("empty", _("A title needs a letter."))
    if len(title) > LONGEST_TITLE:
        detail = _("The title has %(has)d characters; %(allowed)d are allowed.")
        raise Refused("too_long", detail % {"has": len(title), "allowed": LONGEST_TITLE}, LONGEST_TITLE)
    name = uuid5(conversation, "title")
    prompted = checks.check_rules(user, limits_of(user.pk), title, conversation, name)
    with transaction.atomic():
        _held(user, frozenset({conversation})).update(title=prompted.text, titled_by=Conversation.Titled.PERSON)
        if prompted.findings:
            checks.put_on_record(prompted, user.pk, conversation, name)
    return Shelved(frozenset({conversation}), {"title": prompted.text})


@transaction.atomic
def pin(user: User, ids: Ids) -> Shelved:
    """List them before all others; from the archive they come back. Raises Refused when there are too many."""
    rows = _held(user, ids)
    others = Conversation.objects.visible_to(user).filter(pinned_at__isnull=False).exclude(pk__in=ids).count()
    if others + len(ids) > MOST_PINNED:
        detail = _("At most %(allowed)d conversations can be pinned. Unpin another first.")
        raise Refused("too_many_pinned", detail % {"allowed": MOST_PINNED}, MOST_PINNED)
    rows.update(pinned_at=Coalesce(F("pinned_at"), Now()), archived_at=None)
    return Shelved(ids, {"pinned": True, "archived": False})


@transaction.atomic
def unpin(user: User, ids: Ids) -> Shelved:
    """List them by their date again."""
    _held(user, ids).update(pinned_at=None)
    return Shelved(ids, {"pinned": False})


@transaction.atomic
def archive(user: User, ids: Ids) -> Shelved:
    """Put them away; a new message brings one back."""
    _held(user, ids).update(archived_at=Coalesce(F("archived_at"), Now()), pinned_at=None)
    return Shelved(ids, {"archived": True, "pinned": False})


@transaction.atomic
def unarchive(user: User, ids: Ids) -> Shelved:
    """Bring them back from the archive."""
    _held(user, ids).update(archived_at=None)
    return Shelved(ids, {"archived": False})


def trash(user: User, ids: Ids) -> Shelved:
    """Put them into the trash, and ask for the end of what is being written in them.

    Nothing is sent to them from then on: who sends waits for the same row. The replies are stopped afterwards, as a
    worker that ends one locks it before its conversation.
    """
    with transaction.atomic():
        rows = _held(user, ids, trashed=True)
        rows.update(trashed_at=Coalesce(F("trashed_at"), Now()), pinned_at=None)
    return Shelved(ids, {"trashed": True, "pinned": False}, _stop_all(user, ids))


@transaction.atomic
def restore(user: User, ids: Ids) -> Shelved:
    """Take them out of the trash."""
    _held(user, ids, trashed=True).update(trashed_at=None)
    return Shelved(ids, {"trashed": False})


def delete(user: User, ids: Ids, why: receipts.Why = receipts.Why.OWNER) -> Shelved:
    """Delete them for ever, out of the trash. What their replies cost stays in the ledger. Under a legal hold they are
    kept, and gone for the person.

    Raises Refused: ``not_trashed``, or ``busy`` while a worker still writes there; its end was asked for.
    """
    if _held_rows(user, ids).filter(trashed_at=None).exists():
        raise Refused("not_trashed", _("Only what is in the trash can be deleted for ever."))
    for reply in _stop_all(user, ids):
        _end_abandoned(reply)
    with transaction.atomic():
        is_kept = holds.keeps(user.pk)
        rows = _held(user, ids, trashed=True)
        if rows.filter(trashed_at=None).exists():  # restored meanwhile
            raise Refused("not_trashed", _("Only what is in the trash can be deleted for ever."))
        if _unfinished(ids).exists():
            raise Refused("busy", _("A reply is still being written there. Try again in a moment."))
        if is_kept:
            deletion.hide(ids)
        else:
            receipts.give(deletion.delete(ids), why, whose=user.pk)
    return Shelved(ids, {"deleted": True})


@transaction.atomic
def move(user: User, ids: Ids, folder: int | None) -> Shelved:
    """Put them into a folder of the person's, or into none."""
    if folder is not None:
        Folder.objects.visible_to(user).select_for_update().get(pk=folder)
    _held(user, ids).update(folder_id=folder)
    return Shelved(ids, {"folder": folder})


@transaction.atomic
def tag(user: User, ids: Ids, tags: Iterable[int]) -> Shelved:
    """Give them these tags of the person's, beside those they have."""
    found = _tags(user, tags)
    _held(user, ids)
    through = Conversation.tags.through
    links = [through(conversation_id=pk, tag_id=one) for pk in ids for one in found]
    through.objects.bulk_create(links, ignore_conflicts=True)
    return Shelved(ids, {"tags": sorted(found)})


@transaction.atomic
def untag(user: User, ids: Ids, tags: Iterable[int]) -> Shelved:
    """Take these tags from them."""
    found = _tags(user, tags)
    _held(user, ids)
    Conversation.tags.through.objects.filter(conversation__in=ids, tag__in=found).delete()
    return Shelved(ids, {"untagged": sorted(found)})


def _held_rows(user: User, ids: Ids) -> QuerySet[Conversation]:
    """Raises Conversation.DoesNotExist unless all of them are the person's."""
    rows = Conversation.objects.visible_to(user).filter(pk__in=ids)
    if rows.count() != len(ids):
        raise Conversation.DoesNotExist
    return rows


def _held(user: User, ids: Ids, *, trashed: bool = False) -> QuerySet[Conversation]:
    """These conversations, locked.

    Raises Conversation.DoesNotExist unless all are the person's, and Refused where some are in the trash, unless
    ``trashed`` allows that.
    """
    found = list(Conversation.objects.visible_to(user).filter(pk__in=ids).held().only("trashed_at"))
    if len(found) != len(ids):
        raise Conversation.DoesNotExist
    if not trashed:
        checks.check_place(*found)
    return Conversation.objects.filter(pk__in=ids)


def _tags(user: User, tags: Iterable[int]) -> frozenset[int]:
    """Raises Tag.DoesNotExist unless all of them are the person's."""
    wanted = frozenset(tags)
    found = Tag.objects.visible_to(user).filter(pk__in=wanted).order_by("pk").select_for_update()
    if len(found) != len(wanted):
        raise Tag.DoesNotExist
    return wanted


def _unfinished(ids: Ids) -> QuerySet[Message]:
    return Message.objects.replies().unfinished().filter(conversation__in=ids)


def _stop_all(user: User, ids: Ids) -> tuple[UUID, ...]:
    """Ask for the end of what is written there; those that have not ended by that."""
    stopped = [stop(user, pk) for pk in _unfinished(ids).values_list("pk", flat=True)]
    return tuple(reply.pk for reply in stopped if not reply.is_final)


@transaction.atomic
def _end_abandoned(reply: UUID) -> None:
    """End a reply whose worker let go of it or went silent, at what that worker saved and counted.

    Otherwise it could not be deleted before a worker is there again.
    """
    row = Message.objects.filter(pk=reply, state=State.WRITING)
    left = row.filter(Q(lease_until=None) | Q(lease_until__lt=Now()))
    if not left.update(state=State.STOPPED, finished_at=Now(), lease_until=None, attempt=F("attempt") + 1):
        return
    prompt_tokens, completion_tokens = Message.objects.values_list("prompt_tokens", "completion_tokens").get(pk=reply)
    ledger.settle(reply, prompt_tokens, completion_tokens, State.STOPPED.value)
    metrics.REPLIES.labels(State.STOPPED.value).inc()

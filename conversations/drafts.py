"""What a person has typed and not sent, for all their devices: one row a conversation, and one for a new one.

The row's ``revision`` rises with each change. Who knows an older one overwrites nothing: they are told what is there.
Messages that wait for a reply to end are in the row too, so that any open page can send the first of them.
"""

import time
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from conversations.checks import check_text
from conversations.models import Conversation, Draft, Message
from conversations.refusals import Refused
from limits.policies import limits_of

MOST_WAITING = 10
ROOM = 2  # times the characters of a message: a draft may still be shortened

Waiting = dict[str, Any]  # client_id and text; in the row since when (``at``), as it is told how long (``waited_s``)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a row holds. ``changed``: by this call; ``saved``: the text is what was to be; ``taken``: from it."""

    conversation: UUID | None
    text: str = ""
    waiting: list[Waiting] = field(default_factory=list)
    revision: int = 0
    changed: bool = False
    saved: bool | None = None
    taken: Waiting | None = None

    @classmethod
    def of(cls, row: Draft | None, conversation: UUID | None, **more: Any) -> Self:
        if row is None:
            return cls(conversation, **more)
        return cls(conversation, row.text, _told(row.waiting), row.revision, **more)


def read(user: User, conversation: UUID | None) -> Kept:
    """What is there. Raises Conversation.DoesNotExist for a conversation that is not the user's."""
    _check(user, conversation)
    return Kept.of(Draft.objects.filter(owner=user, conversation=conversation).first(), conversation)


def for_page(user: User, conversation: UUID | None) -> dict[str, Any] | None:
    """What a page begins with, of a conversation that is the user's; None where nothing was ever typed."""
    row = Draft.objects.filter(owner=user, conversation=conversation).first()
    return {"text": row.text, "waiting": _told(row.waiting), "revision": row.revision} if row else None


@transaction.atomic
def save(user: User, conversation: UUID | None, text: str, revision: int, after: str | None = None) -> Kept:
    """Keep this text, if the device knew what it takes the place of: by its revision or, with ``after``, by its words.

    Raises Refused when it is too long, Conversation.DoesNotExist for a conversation that is not the user's.
    """
    allowed = ROOM * limits_of(user.pk).prompt_chars
    if len(text) > allowed:
        detail = _("The draft has %(has)d characters; %(allowed)d are kept.")
        raise Refused("draft_too_long", detail % {"has": len(text), "allowed": allowed}, allowed)
    row = _made(user, conversation) if text else _locked(user, conversation)
    text = _stored(text)
    if row is None or row.text == text:
        return Kept.of(row, conversation, saved=True)
    if row.revision not in {0, revision} and row.text != after:
        return Kept.of(row, conversation, saved=False)
    row.text = text
    return _changed(row, conversation, saved=True)


@transaction.atomic
def wait(user: User, conversation: UUID, client_id: UUID, text: str, before: UUID | None = None) -> Kept:
    """Let a message wait until it can be sent, ``before`` another that waits or last. Said again, it changes nothing.

    Raises Refused as a send would for its length, and when too many wait.
    """
    check_text(text, limits_of(user.pk))
    row = _made(user, conversation)
    names = [one["client_id"] for one in row.waiting]
    if str(client_id) in names or _is_sent(user, client_id):
        return Kept.of(row, conversation)
    if len(names) >= MOST_WAITING:
        detail = _("%(allowed)d messages wait already. Send this one when the reply has ended.")
        raise Refused("queue_full", detail % {"allowed": MOST_WAITING}, MOST_WAITING)
    place = names.index(str(before)) if str(before) in names else len(names)
    text = _stored(text)
    row.waiting.insert(place, {"client_id": str(client_id), "text": text, "at": int(time.time())})
    row.text = "" if _became(row.text, text) else row.text
    return _changed(row, conversation)


@transaction.atomic
def take_back(user: User, conversation: UUID, client_id: UUID) -> Kept:
    """Let it wait no more. Of all who ask, one gets it; nobody, once it is sent."""
    row = _locked(user, conversation)
    taken = _pop(row, client_id) if row else None
    if row is None or taken is None:
        return Kept.of(row, conversation)
    return _changed(row, conversation, taken={"client_id": taken["client_id"], "text": taken["text"]})


def sending(user: User, conversation: UUID | None, client_id: UUID, text: str, *, waited: bool) -> int | None:
    """In the transaction that saves a message: it is a draft no more. The draft's revision, if that changed it.

    Raises Refused when one that ``waited`` was taken back meanwhile.
    """
    row = Draft.objects.select_for_update().filter(owner=user, conversation=conversation).first()
    taken = _pop(row, client_id) if row else None
    if waited and taken is None:
        raise Refused("taken_back", _("This message was taken back on another device."))
    if row is None or not (taken or _became(row.text, _stored(text))):
        return None
    row.text = row.text if taken else ""
    return _changed(row, conversation).revision


def _told(waiting: list[Waiting]) -> list[Waiting]:
    """As a page is told of them, whose clock may be wrong: what has waited for long it does not send unasked."""
    now = time.time()
    return [
        {"client_id": one["client_id"], "text": one["text"], "waited_s": max(0, int(now - one.get("at", 0)))}
        for one in waiting
    ]


def _check(user: User, conversation: UUID | None) -> None:
    if conversation:
        Conversation.objects.visible_to(user).only("pk").get(pk=conversation)


def _locked(user: User, conversation: UUID | None) -> Draft | None:
    """The row, nobody else's until the transaction ends."""
    _check(user, conversation)
    return Draft.objects.select_for_update().filter(owner=user, conversation=conversation).first()


def _made(user: User, conversation: UUID | None) -> Draft:
    """The same; a new one, if there is none."""
    _check(user, conversation)
    known: dict[str, Any] = {"owner": user, "conversation_id": conversation}
    return Draft.objects.select_for_update().get_or_create(**known)[0]


def _changed(row: Draft, conversation: UUID | None, **more: Any) -> Kept:
    row.revision += 1
    row.updated_at = timezone.now()
    row.save(update_fields=["text", "waiting", "revision", "updated_at"])
    return Kept.of(row, conversation, changed=True, **more)


def _pop(row: Draft, client_id: UUID) -> Waiting | None:
    found = next((one for one in row.waiting if one["client_id"] == str(client_id)), None)
    if found:
        row.waiting.remove(found)
    return found


def _is_sent(user: User, client_id: UUID) -> bool:
    return Message.objects.visible_to(user).filter(client_id=client_id).exists()


def _became(draft: str, text: str) -> bool:
    """Whether this message is what was made of the draft: a page saves it a moment after it was typed."""
    return bool(draft) and text.startswith(draft.rstrip())


def _stored(text: str) -> str:
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")  # PostgreSQL stores no NUL

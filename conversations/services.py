"""The verbs of a chat: send and stop. Each is one transaction; others are told after commit only."""

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from conversations import metrics
from conversations.models import Conversation, Message
from conversations.states import UNFINISHED, State
from conversations.tickets import queue_ticket
from conversations.titles import title_from
from inference.serving import served_model

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

log = logging.getLogger(__name__)


class Refused(Exception):  # noqa: N818 - an answer to a person, not a fault
    """The message was not saved. ``detail`` is a sentence for the person, ``allowed`` what would be."""

    def __init__(self, code: str, detail: "StrOrPromise", allowed: int | str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person wants to send. ``client_id`` is the browser's name for it: the same one is saved once."""

    client_id: UUID
    text: str
    conversation: UUID | None = None  # None begins a new one
    parent: UUID | None = None  # the newest message the person has seen; None asks no question about it
    model: str = ""  # empty: the one that is served


@dataclass(frozen=True, slots=True)
class Sent:
    """What was saved: the person's message and the empty reply to it."""

    conversation: Conversation
    message: UUID
    reply: UUID
    first: bool  # whether it began the conversation


def send(user: User, draft: Draft, *, reply_id: UUID | None = None) -> Sent:
    """Save a message and the empty reply to it, then queue a ticket for the workers.

    ``reply_id`` is what the reply will be called, so that a caller can listen before anything is said. Sending a
    ``client_id`` again returns what was saved the first time. Raises Refused, or Conversation.DoesNotExist for one
    that is not the user's.
    """
    try:
        sent = _send(user, draft, reply_id or uuid4())
    except Refused as no:
        metrics.SENDS.labels(no.code).inc()
        raise
    metrics.SENDS.labels("saved").inc()
    log.info("A message of %d characters waits for its reply.", len(draft.text), extra={"reply": sent.reply})
    return sent


def stop(user: User, reply_id: UUID) -> Message:
    """Ask for the end of a reply; its text so far stays. Returns the reply as it is then.

    Raises Message.DoesNotExist when the reply is not the user's. A reply that is final stays as it is.
    """
    reply = Message.objects.visible_to(user).get(pk=reply_id, role=Message.Role.ASSISTANT)
    row = Message.objects.filter(pk=reply.pk)
    if row.filter(state=State.QUEUED).update(state=State.STOPPED, stop_requested=True, finished_at=Now()):
        metrics.REPLIES.labels(State.STOPPED.value).inc()
    else:
        row.filter(state=State.WRITING).update(stop_requested=True)
    reply.refresh_from_db()
    return reply


def _send(user: User, draft: Draft, reply_id: UUID) -> Sent:
    _check_text(draft.text)
    draft = replace(draft, text=draft.text.replace("\x00", "\N{REPLACEMENT CHARACTER}"))  # PostgreSQL stores no NUL
    model = _check_model(draft.model)
    try:
        return _save(user, draft, model, reply_id)
    except IntegrityError:  # the same client_id was sent before, or won at the same moment
        return _save(user, draft, model, reply_id, again=True)


def _check_text(text: str) -> None:
    if not text.strip():
        raise Refused("empty", _("Write something first."))
    if len(text) > settings.PROMPT_CHARS:
        detail = _("The message has %(has)d characters; %(allowed)d are allowed.")
        raise Refused("too_long", detail % {"has": len(text), "allowed": settings.PROMPT_CHARS}, settings.PROMPT_CHARS)


def _check_model(name: str) -> str:
    served = served_model()
    if name and name != served:
        raise Refused("unknown_model", _("There is no model of this name here."), served)
    return served


@transaction.atomic
def _save(user: User, draft: Draft, model: str, reply_id: UUID, *, again: bool = False) -> Sent:
    if draft.conversation is None:
        conversation, parent = _beginning(user, draft, again=again), None
    else:
        conversation = Conversation.objects.visible_to(user).select_for_update().get(pk=draft.conversation)
        parent = conversation.messages.order_by("position").last()
    if conversation.length and (earlier := _sent_before(conversation, draft.client_id)):
        return earlier
    _check_turn(parent, draft.parent)
    place = conversation.length
    message = Message(
        conversation=conversation,
        position=place,
        parent=parent,
        role=Message.Role.USER,
        client_id=draft.client_id,
        text=draft.text,
    )
    reply = Message(
        id=reply_id,
        conversation=conversation,
        position=place + 1,
        parent=message,
        role=Message.Role.ASSISTANT,
        state=State.QUEUED,
        model=model,
    )
    conversation.length = place + 2
    if conversation._state.adding:
        conversation.save()
    else:
        Conversation.objects.filter(pk=conversation.pk).update(length=conversation.length, updated_at=Now())
    Message.objects.bulk_create([message, reply])
    transaction.on_commit(lambda: queue_ticket(model))
    return Sent(conversation, message.pk, reply.pk, first=place == 0)


def _beginning(user: User, draft: Draft, *, again: bool) -> Conversation:
    """A new conversation, not saved; with ``again`` the one that this draft began, if it did."""
    known = Conversation.objects.visible_to(user).filter(client_id=draft.client_id).first() if again else None
    return known or Conversation(owner=user, client_id=draft.client_id, title=title_from(draft.text))


def _sent_before(conversation: Conversation, client_id: UUID) -> Sent | None:
    message = conversation.messages.filter(client_id=client_id).first()
    reply = message and message.children.order_by("position").first()
    if message is None or reply is None:
        return None
    return Sent(conversation, message.pk, reply.pk, first=message.position == 0)


def _check_turn(newest: Message | None, known: UUID | None) -> None:
    if newest and newest.state in UNFINISHED:
        raise Refused("busy", _("A reply is still being written here. Wait for it, or stop it."))
    if known and (newest is None or newest.pk != known):
        raise Refused("stale", _("This conversation went on elsewhere. Read what is new, then send again."))

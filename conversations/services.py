"""The verbs of a chat: send and stop. Each is one transaction; others are told after commit only."""

import logging
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from conversations import checks, drafts, instructions, metrics, parameters
from conversations.checks import Checked
from conversations.inserting import insert
from conversations.models import Conversation, Message
from conversations.parameters import NOTHING, Chosen
from conversations.refusals import Refused
from conversations.states import UNFINISHED, State
from conversations.tickets import queue_ticket
from limits import ledger, tally
from limits.policies import limits_of
from limits.refusals import OverLimit

MISTIMED = frozenset({"busy", "stale"})  # refusals that are nobody's limit

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person wants to send. ``client_id`` is the browser's name for it: the same one is saved once."""

    client_id: UUID
    text: str
    conversation: UUID | None = None  # None begins a new one
    parent: UUID | None = None  # the newest message the person has seen; None asks no question about it
    model: str = ""  # empty: the one that is served
    waited: bool = False  # for a reply to end, in the person's draft: refused if it was taken back
    parameters: Chosen = NOTHING  # of the conversation that it begins


@dataclass(frozen=True, slots=True)
class Sent:
    """What was saved: the person's message and the empty reply to it."""

    conversation: Conversation
    message: UUID
    reply: UUID
    first: bool  # whether it began the conversation
    text: str | None = None  # of the message, where it is not what was sent: a rule masked some of it
    draft: int | None = None  # the new revision of the person's draft, if this was in it


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
        if no.code not in MISTIMED:
            tally.count(no.code)
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
    if _stop_waiting(reply):
        metrics.REPLIES.labels(State.STOPPED.value).inc()
    else:
        row.filter(state=State.WRITING).update(stop_requested=True)
    reply.refresh_from_db()
    return reply


@transaction.atomic
def _stop_waiting(reply: Message) -> bool:
    """End a reply that no worker has begun; False when one has."""
    waiting = Message.objects.filter(pk=reply.pk, state=State.QUEUED)
    if not waiting.update(state=State.STOPPED, stop_requested=True, finished_at=Now()):
        return False
    ledger.release(reply.pk)
    return True


def _send(user: User, draft: Draft, reply_id: UUID) -> Sent:
    try:
        return _checked_and_saved(user, draft, reply_id)
    except Refused:  # but what was saved once is never refused: only its answer was lost
        message = Message.objects.visible_to(user).filter(client_id=draft.client_id).first()
        if message and (earlier := _sent_before(message.conversation, draft)):
            return earlier
        raise


def _checked_and_saved(user: User, draft: Draft, reply_id: UUID) -> Sent:
    draft = replace(draft, text=draft.text.replace("\x00", "\N{REPLACEMENT CHARACTER}"))  # PostgreSQL stores no NUL
    message_id = uuid4()
    limits = limits_of(user.pk)
    checks.check_text(draft.text, limits)
    model = checks.check_model(draft.model, limits)
    prompted = checks.check_rules(user, limits, draft.text, draft.conversation, draft.client_id)
    tokens = checks.check_tokens(prompted.text, model, limits)
    first = instructions.screened(user, draft.parameters, limits, model, about=draft.client_id)
    checked = Checked(model, limits, prompted, tokens, first)
    try:
        return _save(user, draft, checked, message_id, reply_id)
    except IntegrityError:  # the same client_id was sent before, or won at the same moment
        return _save(user, draft, checked, message_id, reply_id, again=True)


@transaction.atomic
def _save(user: User, draft: Draft, checked: Checked, message_id: UUID, reply_id: UUID, *, again: bool = False) -> Sent:
    if draft.conversation is None:
        conversation, newest = _beginning(user, draft, checked, again=again), None
    else:
        conversation = Conversation.objects.visible_to(user).select_for_update().get(pk=draft.conversation)
        newest = conversation.messages.order_by("position").last()
    if conversation.length and (earlier := _sent_before(conversation, draft)):
        return earlier
    _check_turn(newest, draft.parent)
    chosen = parameters.in_force(conversation, checked.limits, checked.model)
    tokens = checks.check_room(conversation, newest, checked, chosen.instructions)
    try:
        granted = ledger.reserve(user.pk, reply_id, checked.model.name, tokens, chosen.within(checked.limits))
    except OverLimit as over:
        raise checks.over_limit(over) from over
    message = _message(conversation, newest, draft, checked)
    message.pk = message_id
    reply = _empty_reply(message, checked)
    reply.pk, reply.max_tokens, reply.options = reply_id, granted, parameters.options(chosen)
    _append(conversation, message, reply)
    drafted = drafts.sending(user, draft.conversation, draft.client_id, draft.text, waited=draft.waited)
    if checked.prompted.findings:
        checks.put_on_record(checked.prompted, user.pk, conversation.pk, message_id, checked.model.name)
    if draft.conversation is None:
        instructions.put_on_record(checked.first, user.pk, conversation.pk, checked.model.name)
    transaction.on_commit(lambda: queue_ticket(checked.model.name))
    text = _changed(message, draft)
    return Sent(conversation, message_id, reply_id, first=message.position == 0, text=text, draft=drafted)


def _message(conversation: Conversation, newest: Message | None, draft: Draft, checked: Checked) -> Message:
    return Message(
        conversation=conversation,
        position=conversation.length,
        parent=newest,
        role=Message.Role.USER,
        client_id=draft.client_id,
        text=checked.text,
    )


def _empty_reply(message: Message, checked: Checked) -> Message:
    return Message(
        conversation=message.conversation,
        position=message.position + 1,
        parent=message,
        role=Message.Role.ASSISTANT,
        state=State.QUEUED,
        model=checked.model.name,
        at_once=checked.limits.replies_at_once,
    )


def _changed(message: Message, draft: Draft) -> str | None:
    return message.text if message.text != draft.text else None


def _append(conversation: Conversation, *messages: Message) -> None:
    conversation.length += len(messages)
    if conversation._state.adding:
        insert([conversation])
    else:
        Conversation.objects.filter(pk=conversation.pk).update(length=conversation.length, updated_at=Now())
    insert(messages)


def _beginning(user: User, draft: Draft, checked: Checked, *, again: bool) -> Conversation:
    """A new conversation, not saved; with ``again`` the one that this draft began, if it did."""
    known = Conversation.objects.visible_to(user).filter(client_id=draft.client_id).first() if again else None
    named = {"client_id": draft.client_id, "title": checks.title(user.pk, checked.text)}
    chosen = checked.first.chosen if checked.first else NOTHING
    return known or Conversation(owner=user, **named, **chosen.fields())


def _sent_before(conversation: Conversation, draft: Draft) -> Sent | None:
    message = conversation.messages.filter(client_id=draft.client_id).first()
    reply = message and message.children.order_by("position").first()
    if message is None or reply is None:
        return None
    return Sent(conversation, message.pk, reply.pk, first=message.position == 0, text=_changed(message, draft))


def _check_turn(newest: Message | None, known: UUID | None) -> None:
    if newest and newest.state in UNFINISHED:
        raise Refused("busy", _("A reply is still being written here. Wait for it, or stop it."))
    if known and (newest is None or newest.pk != known):
        raise Refused("stale", _("This conversation went on elsewhere. Read what is new, then send again."))

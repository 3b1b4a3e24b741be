"""The verbs of a chat: send and stop. Each is one transaction; others are told after commit only."""

import logging
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from conversations import checks, drafts, metrics, offered, parameters
from conversations.calls import NOTHING_EARLIER, Call
from conversations.checks import Checked
from conversations.inserting import insert
from conversations.models import Conversation, Message
from conversations.parameters import NOTHING, USUAL, Chosen, instructions
from conversations.refusals import Refused
from conversations.replies.tickets import queue_ticket
from conversations.states import UNFINISHED, State
from limits import ledger
from limits.policies import Limits, limits_of
from limits.refusals import OverLimit

WENT_ON = _("This conversation went on elsewhere. Read what is new, then send again.")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person wants to send. ``client_id`` is the browser's name for it: the same one is saved once."""

    client_id: UUID
    text: str
    conversation: UUID | None = None  # None begins a new one
    parent: UUID | None = None  # the newest message the person has seen; None asks no question about it
    branch: bool = False  # beside what answers ``parent`` (None: beside the first) already: a message edited
    model: str = ""  # for this reply; empty: the conversation's
    waited: bool = False  # for a reply to end, in the person's draft: refused if it was taken back
    parameters: Chosen = NOTHING  # of the conversation that it begins
    call: Call | None = None  # a program sends it

    @property
    def kind(self) -> Conversation.Kind:
        """Of the conversation that it is in."""
        return self.call.kind if self.call else Conversation.Kind.CHAT

    @property
    def begins(self) -> UUID:
        """The name of the conversation, if it begins one."""
        return self.call.client_id if self.call else self.client_id


@dataclass(frozen=True, slots=True)
class Sent:
    """What was saved: the person's message and the empty reply to it."""

    conversation: Conversation
    message: UUID
    reply: UUID
    first: bool  # whether it began the conversation
    text: str | None = None  # of the message, where it is not what was sent: a rule masked some of it
    draft: int | None = None  # the new revision of the person's draft, if this was in it
    beside: UUID | None = None  # the reply that was asked for again
    cursor: list[int] | None = None  # of the text that it begins with, where it continues that one


def send(user: User, draft: Draft, *, reply_id: UUID | None = None) -> Sent:
    """Save a message and the empty reply to it, then queue a ticket for the workers.

    ``reply_id`` is what the reply will be called, so that a caller can listen before anything is said. Sending a
    ``client_id`` again returns what was saved the first time. Raises Refused, or Conversation.DoesNotExist for one
    that is not the user's.
    """
    with metrics.counted():
        sent = _send(user, draft, reply_id or uuid4())
    log.info("A message of %d characters waits for its reply.", len(draft.text), extra={"reply": sent.reply})
    return sent


def stop(user: User, reply_id: UUID, kind: str = "chat") -> Message:
    """Ask for the end of a reply; its text so far stays. Returns the reply as it is then.

    Raises Message.DoesNotExist when the reply is not the user's, or not in a conversation of this kind. A reply that is
    final stays as it is.
    """
    reply = Message.objects.visible_to(user, kind).get(pk=reply_id, role=Message.Role.ASSISTANT)
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
        message = Message.objects.visible_to(user, draft.kind).filter(client_id=draft.client_id).first()
        if message and (earlier := _sent_before(message.conversation, draft)):
            return earlier
        raise


def _checked_and_saved(user: User, draft: Draft, reply_id: UUID) -> Sent:
    draft = replace(draft, text=draft.text.replace("\x00", "\N{REPLACEMENT CHARACTER}"))  # PostgreSQL stores no NUL
    message_id = uuid4()
    limits = limits_of(user.pk)
    if draft.call:
        checks.check_api(limits)
    checks.check_text(draft.text, limits)
    model = offered.check(draft.model or _chosen_model(user, draft, limits), limits)
    prompted = checks.check_rules(user, limits, draft.text, draft.conversation, draft.client_id)
    tokens = checks.check_tokens(prompted.text, model, limits)
    once, turns = (draft.call.once, draft.call.earlier) if draft.call else (USUAL, ())
    first = instructions.screened(user, draft.parameters, limits, model, about=draft.client_id, once=once)
    earlier = checks.check_earlier(user, turns, limits, model) if turns else NOTHING_EARLIER
    checked = Checked(model, limits, prompted, tokens, first, earlier)
    try:
        return _save(user, draft, checked, message_id, reply_id)
    except IntegrityError:  # the same client_id was sent before, or won at the same moment
        return _save(user, draft, checked, message_id, reply_id, again=True)


def _chosen_model(user: User, draft: Draft, limits: Limits) -> str:
    """The conversation's, as far as it is in force; where there is nothing to choose, nobody asks."""
    if draft.conversation is None:
        return draft.parameters.model
    if len(offered.offered(limits)) < 2:
        return ""
    mine = Conversation.objects.visible_to(user).filter(pk=draft.conversation)
    return offered.in_force(mine.values_list("model", flat=True).first() or "", limits).name


@transaction.atomic
def _save(user: User, draft: Draft, checked: Checked, message_id: UUID, reply_id: UUID, *, again: bool = False) -> Sent:
    if draft.conversation is None:
        conversation, newest = _beginning(user, draft, checked, again=again), None
    else:
        conversation, newest = locked(user, draft.conversation)
    if conversation.length and (earlier := _sent_before(conversation, draft)):
        return earlier
    checks.check_place(conversation)
    parent = _parent(conversation, newest, draft)
    chosen = parameters.in_force(conversation, checked.limits, checked.model)
    tokens = checks.check_room(conversation, parent, checked, chosen.instructions)
    granted = reserve(user, reply_id, tokens, checked, chosen)
    brought = checked.earlier.messages(conversation)
    message = _message(conversation, brought[-1] if brought else parent, draft, checked)
    message.pk = message_id
    reply = empty_reply(message, checked)
    once = draft.call.once if draft.call else USUAL
    reply.pk, reply.max_tokens, reply.options = reply_id, granted, parameters.options(chosen, once)
    append(conversation, newest, *brought, message, reply)
    drafted = None if draft.call else _drafted(user, draft)
    _put_on_record(user, draft, checked, message)
    transaction.on_commit(lambda: queue_ticket(checked.model.name))
    text = _changed(message, draft)
    return Sent(conversation, message_id, reply_id, first=message.position == 0, text=text, draft=drafted)


def _drafted(user: User, draft: Draft) -> int | None:
    return drafts.sending(user, draft.conversation, draft.client_id, draft.text, waited=draft.waited)


def _put_on_record(user: User, draft: Draft, checked: Checked, message: Message) -> None:
    """What rules found in what is saved."""
    conversation, model = message.conversation_id, checked.model.name
    for about, found in ((message.pk, checked.prompted), *checked.earlier.found):
        if found.findings:
            checks.put_on_record(found, user.pk, conversation, about, model)
    if draft.conversation is None:
        instructions.put_on_record(checked.first, user.pk, conversation, model)


def locked(user: User, conversation_id: UUID) -> tuple[Conversation, Message | None]:
    """A conversation to which nothing else is added in this transaction, and the message last added to it.

    Raises Conversation.DoesNotExist for one that is not the user's.
    """
    conversation = Conversation.objects.visible_to(user).held().get(pk=conversation_id)
    return conversation, conversation.messages.order_by("position").last()


def check_turn(newest: Message | None) -> None:
    """Refuse while a reply is written in a conversation, which is always the message last added to it."""
    if newest and newest.state in UNFINISHED:
        raise Refused("busy", _("A reply is still being written here. Wait for it, or stop it."))


def reserve(user: User, reply_id: UUID, tokens: int, checked: Checked, chosen: Chosen) -> int:
    """Reserve what the reply to so many tokens may cost; the tokens that it may have."""
    try:
        return ledger.reserve(user.pk, reply_id, checked.model.name, tokens, chosen.within(checked.limits))
    except OverLimit as over:
        raise checks.over_limit(over) from over


def empty_reply(question: Message, checked: Checked) -> Message:
    """A reply that waits for a worker."""
    return Message(
        conversation=question.conversation,
        parent=question,
        role=Message.Role.ASSISTANT,
        state=State.QUEUED,
        model=checked.model.name,
        at_once=checked.limits.replies_at_once,
    )


def append(conversation: Conversation, newest: Message | None, *messages: Message) -> None:
    """Add messages after the one last added. The last of them is what a person who comes back is shown."""
    seen = None if conversation.kind == Conversation.Kind.CHAT else timezone.now()  # others are in no search
    for position, message in enumerate(messages, newest.position + 1 if newest else 0):
        message.position, message.indexed_at = position, seen
    conversation.length += len(messages)
    conversation.tip_id = messages[-1].pk
    if conversation._state.adding:
        insert([conversation])
    else:
        changed = {"length": conversation.length, "tip": conversation.tip_id, "archived_at": None}
        Conversation.objects.filter(pk=conversation.pk).update(**changed, updated_at=Now())
    insert(messages)


def _message(conversation: Conversation, parent: Message | None, draft: Draft, checked: Checked) -> Message:
    return Message(
        conversation=conversation,
        parent=parent,
        role=Message.Role.USER,
        client_id=draft.client_id,
        text=checked.text,
    )


def _changed(message: Message, draft: Draft) -> str | None:
    return message.text if message.text != draft.text else None


def _beginning(user: User, draft: Draft, checked: Checked, *, again: bool) -> Conversation:
    """A new conversation, not saved; with ``again`` the one that this draft began, if it did."""
    mine = Conversation.objects.visible_to(user, draft.kind)
    if again and (known := mine.filter(client_id=draft.begins).first()):
        if draft.call and not known.messages.filter(client_id=draft.client_id).exists():
            raise Refused("reused", _("Something else was sent under this key. Take a new key for each request."))
        return known
    is_shown = draft.kind is Conversation.Kind.CHAT
    title = checks.title(user.pk, checked.earlier.begins_with or checked.text) if is_shown else ""
    named = {"client_id": draft.begins, "title": title, "kind": draft.kind}
    chosen = checked.first.chosen if checked.first else NOTHING
    return Conversation(owner=user, **named, **chosen.fields())


def _sent_before(conversation: Conversation, draft: Draft) -> Sent | None:
    message = conversation.messages.filter(client_id=draft.client_id).first()
    if message is None:
        return None
    reply = message.children.order_by("position").first()
    if reply is None or message.role != Message.Role.USER:  # erased since, or the name of something else
        raise Refused("stale", WENT_ON)
    return Sent(conversation, message.pk, reply.pk, first=message.position == 0, text=_changed(message, draft))


def _parent(conversation: Conversation, newest: Message | None, draft: Draft) -> Message | None:
    """The message that this one answers, which nothing answers yet unless a branch is to begin there."""
    check_turn(newest)
    known = draft.parent or (None if draft.branch else conversation.tip_id)
    if known is None:
        return None if draft.branch else newest
    if newest and newest.pk == known:
        return newest
    parent = conversation.messages.filter(pk=known).first() if newest else None
    if parent is None or (draft.parent and not draft.branch and parent.children.exists()):
        raise Refused("stale", WENT_ON)
    return parent

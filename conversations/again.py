"""Asking for another reply beside one that is there, or for one that goes on where it was cut or stopped."""

import logging
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from conversations import checks, metrics, offered, parameters, services
from conversations.checks import Checked
from conversations.models import Conversation, Message
from conversations.refusals import Refused
from conversations.replies.tickets import queue_ticket
from conversations.services import Sent
from conversations.states import State
from inference.model import Model
from limits.policies import Limits, limits_of

BROKEN_OFF = frozenset({State.CUT, State.STOPPED})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """Another reply beside ``reply``, which may also be a message that has none. ``client_id`` as in a Draft."""

    client_id: UUID
    reply: UUID
    goes_on: bool = False  # it begins with the text of that one
    model: str = ""  # empty: the conversation's; of one that goes on, the same as before


def again(user: User, wish: Wish, *, reply_id: UUID | None = None) -> Sent:
    """Save an empty reply under the checks of a message that is sent, then queue a ticket.

    What the person wrote passes the rules of today; it stays as it was saved. Raises Refused, or Message.DoesNotExist
    for a reply that is not the user's.
    """
    with metrics.counted():
        sent = _again(user, wish, reply_id or uuid4())
    log.info("It is to be written %s.", "further" if wish.goes_on else "again", extra={"reply": sent.reply})
    return sent


def _again(user: User, wish: Wish, reply_id: UUID) -> Sent:
    try:
        return _checked_and_saved(user, wish, reply_id)
    except Refused:  # but what was saved once is never refused: only its answer was lost
        old = _asked(user, wish)
        if earlier := _saved_before(old.conversation, old, wish):
            return earlier
        raise


def _checked_and_saved(user: User, wish: Wish, reply_id: UUID) -> Sent:
    question = _question(old := _asked(user, wish))
    text = question.text if question else ""
    limits = limits_of(user.pk)
    checks.check_text(text, limits)
    model = offered.check(wish.model or _model_for(old, wish, limits), limits)
    if wish.goes_on:
        _check_beginning(old, model)
    prompted = checks.check_rules(user, limits, text, old.conversation_id, wish.client_id)
    tokens = checks.check_tokens(text, model, limits)
    return _save(user, wish, Checked(model, limits, prompted, tokens), reply_id)


@transaction.atomic
def _save(user: User, wish: Wish, checked: Checked, reply_id: UUID) -> Sent:
    conversation, newest = services.locked(user, _asked(user, wish).conversation_id)
    old = _asked(user, wish)  # it may have been erased before the lock
    if earlier := _saved_before(conversation, old, wish):
        return earlier
    checks.check_place(conversation)
    services.check_turn(newest)
    question = _question(old)
    assert question  # noqa: S101 - its text was checked
    chosen = parameters.in_force(conversation, checked.limits, checked.model)
    options = parameters.allowed(old.options, checked.limits) if wish.goes_on else parameters.options(chosen)
    told, begun = (options or {}).get("instructions", ""), old.completion_tokens if wish.goes_on else 0
    tokens = checks.check_room(conversation, question.parent, checked, told, begun=begun)
    reply = services.empty_reply(question, checked)
    reply.pk, reply.client_id, reply.options = reply_id, wish.client_id, options
    if wish.goes_on:
        _begin(reply, old)
    granted = services.reserve(user, reply_id, 0 if reply.inherited_tokens else tokens, checked, chosen)
    reply.max_tokens = reply.inherited_tokens + granted
    services.append(conversation, newest, reply)
    transaction.on_commit(lambda: queue_ticket(checked.model.name))
    return _sent(conversation, reply, old, wish)


def _asked(user: User, wish: Wish) -> Message:
    mine = Message.objects.visible_to(user).select_related("conversation", "parent__parent", "parent__conversation")
    return mine.get(pk=wish.reply)


def _question(old: Message) -> Message | None:
    return old if old.role == Message.Role.USER else old.parent


def _model_for(old: Message, wish: Wish, limits: Limits) -> str:
    if wish.goes_on and old.model in {model.name for model in offered.offered(limits)}:
        return old.model
    return offered.in_force(old.conversation.model, limits).name


def _check_beginning(old: Message, model: Model) -> None:
    """Refuse a reply that did not break off, and an engine that cannot go on from a text."""
    if not model.continues_prefix:
        raise Refused("cannot_continue", _("This model cannot go on from where a reply ended. Have it written again."))
    if old.state not in BROKEN_OFF or not (old.text or old.reasoning):
        raise Refused("cannot_continue", _("This reply did not break off: there is nothing to continue."))


def _begin(reply: Message, old: Message) -> None:
    """With what was said. What that cost is paid."""
    reply.continues = old
    reply.text, reply.reasoning = old.text, old.reasoning
    reply.reasoning_ms = old.reasoning_ms
    reply.prompt_tokens = old.prompt_tokens
    reply.completion_tokens = reply.inherited_tokens = old.completion_tokens


def _saved_before(conversation: Conversation, old: Message, wish: Wish) -> Sent | None:
    reply = conversation.messages.filter(client_id=wish.client_id).first()
    if reply and reply.role == Message.Role.USER:
        raise Refused("stale", services.WENT_ON)
    return _sent(conversation, reply, old, wish) if reply else None


def _sent(conversation: Conversation, reply: Message, old: Message, wish: Wish) -> Sent:
    assert reply.parent_id  # noqa: S101 - it answers something
    sent = Sent(conversation, reply.parent_id, reply.pk, first=False, beside=old.pk)
    if not wish.goes_on:
        return sent
    beginning: dict[str, Any] = {"text": old.text, "reasoning": old.reasoning}
    return replace(sent, cursor=Message(**beginning).cursor)

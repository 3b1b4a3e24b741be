"""What a worker does to the row of a reply it holds: each change asks first whether this attempt still holds it."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from conversations.models import Conversation, Message
from conversations.states import State


def is_mine(reply: Message) -> bool:
    """Whether no newer attempt has it, and it has not ended."""
    return _mine(reply).exists()


def update(reply: Message, fields: dict[str, Any]) -> bool:
    """Change it; False when it is another's by now."""
    return bool(_mine(reply).update(**fields))


@transaction.atomic
def end(reply: Message, fields: dict[str, Any]) -> bool:
    """Bring it to its final state; of all who try, one gets True."""
    won = update(reply, {**fields, "finished_at": Now(), "lease_until": None})
    if won:
        Conversation.objects.filter(pk=reply.conversation_id).update(updated_at=Now())
    return won


def _mine(reply: Message) -> QuerySet[Message]:
    return Message.objects.filter(pk=reply.pk, state=State.WRITING, attempt=reply.attempt)

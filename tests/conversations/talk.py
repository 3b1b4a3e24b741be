"""Short ways to say things in a story."""

from typing import Any
from uuid import UUID, uuid4

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.services import Draft, Sent, send


def say(user: User, text: str = "Hello?", conversation: Conversation | None = None, **more: Any) -> Sent:
    """The person sends a message, in a new conversation unless one is given."""
    client_id = more.pop("client_id", None) or uuid4()
    return send(user, Draft(client_id, text, conversation.pk if conversation else None, **more))


def reply_of(sent: Sent | UUID) -> Message:
    """The reply's row as it is now."""
    return Message.objects.get(pk=sent.reply if isinstance(sent, Sent) else sent)


def settle(sent: Sent, state: str = "complete", text: str = "An answer.") -> Message:
    """The reply ended, without a worker."""
    Message.objects.filter(pk=sent.reply).update(state=state, text=text, lease_until=None)
    return reply_of(sent)

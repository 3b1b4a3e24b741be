"""Short ways to say things in a story."""

from typing import Any
from uuid import UUID, uuid4

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.services import Draft, Sent, send
from moderation import incidents
from moderation.matcher import Action, Finding
from moderation.models import Incident


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


def withhold(sent: Sent, text: str = "An answer") -> Message:
    """Rule 7 blocked the reply after this text."""
    reply = settle(sent, "blocked", text)
    found = Finding(rule=7, action=Action.BLOCK, dry_run=False, start=len(text), end=len(text), excerpt="…")
    about: dict[str, Any] = {"conversation": reply.conversation_id, "message": reply.pk}
    incidents.record([found], where="reply", user_id=reply.conversation.owner_id, **about)
    return reply


def incident_of(sent: Sent) -> UUID:
    """The incident that ``withhold`` made; any other when it made none."""
    known = Incident.objects.filter(message=sent.reply).values_list("pk", flat=True).first()
    return known or uuid4()

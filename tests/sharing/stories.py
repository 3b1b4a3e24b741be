"""Short ways to share in a story."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from accounts.models import User
from conversations import sharing
from conversations.models import Conversation, Message, Share
from conversations.services import Sent
from conversations.sharing import Wish
from tests.conversations.talk import say, settle

SECRET = "marmalade"


def talked(user: User, text: str = f"Is {SECRET} a jam?", answer: str = "A *bitter* one.") -> Sent:
    """A question and its answer."""
    sent = say(user, text)
    settle(sent, text=answer)
    return sent


def shared(user: User, *people: User, days: int | None = None, sent: Sent | None = None, **wish: Any) -> Share:
    """The person shares a talk with these, or without any with everyone."""
    talk = (sent or talked(user)).conversation
    names = tuple(one.username for one in people) if people else None
    return sharing.share(user, talk.pk, Wish(names, days, **wish))


def past(share: Share) -> Share:
    """Its time is over."""
    Share.objects.filter(pk=share.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    return share


def row(conversation: Conversation, position: int, parent: UUID | None, **more: Any) -> Message:
    """A message put where no verb put it."""
    role = more.pop("role", "assistant")
    return Message.objects.create(
        pk=uuid4(), conversation=conversation, position=position, parent_id=parent, role=role, **more
    )

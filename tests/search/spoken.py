"""Short ways to say something and to look for it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.search import index
from conversations.search.find import Filters, find
from conversations.search.query import Query
from tests.conversations.talk import say, settle

FILLER = "Hello there."


def talk(user: User, *texts: str, title: str = FILLER, reply: str = FILLER, **about: Any) -> Conversation:
    """A conversation in which the person said these texts, all indexed."""
    conversation: Conversation | None = None
    for text in texts or (FILLER,):
        parent = newest(conversation) if conversation else None
        sent = say(user, text, conversation, parent=parent)
        settle(sent, text=reply)
        conversation = sent.conversation
    assert conversation is not None
    Conversation.objects.filter(pk=conversation.pk).update(title=title, **about)
    index.catch_up()
    return Conversation.objects.get(pk=conversation.pk)


def newest(conversation: Conversation) -> UUID:
    return conversation.messages.order_by("-position").values_list("pk", flat=True)[0]


def at(conversation: Conversation, moment: datetime) -> None:
    """It was said then."""
    messages = Message.objects.filter(conversation=conversation)
    messages.update(created_at=moment, indexed_at=None)
    Conversation.objects.filter(pk=conversation.pk).update(created_at=moment, updated_at=moment, indexed_title="")
    index.catch_up()


def found(user: User, text: str, **filters: Any) -> list[UUID]:
    """The conversations, in order."""
    return [group.conversation for group in find(user, Query.parse(text), Filters(**filters)).groups]


def finds(user: User, text: str, **filters: Any) -> bool:
    return bool(found(user, text, **filters))

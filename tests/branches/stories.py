"""Short ways to say things about branches."""

from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

from accounts.models import User
from conversations.again import Wish, again
from conversations.models import Conversation, Message
from conversations.services import Sent
from conversations.tree import branch
from tests.conversations.talk import reply_of, say, settle


def talk(user: User, *texts: str) -> list[Message]:
    """A conversation of these questions, each answered. All its messages."""
    conversation: Conversation | None = None
    for text in texts:
        sent = say(user, text, conversation)
        settle(sent, text=f"On {text}")
        conversation = sent.conversation
    assert conversation
    return list(conversation.messages.order_by("position"))


def edit(user: User, message: Message, text: str, **more: Any) -> Sent:
    """The person sends another version of their message."""
    return say(user, text, message.conversation, parent=message.parent_id, branch=True, **more)


def once_more(user: User, reply: Message | UUID, *, goes_on: bool = False, client_id: UUID | None = None) -> Sent:
    """They ask for another reply beside this one, or one that continues it."""
    name = reply.pk if isinstance(reply, Message) else reply
    return again(user, Wish(client_id or uuid4(), name, goes_on=goes_on))


def texts(conversation: Conversation, tip: UUID | None = None) -> list[str]:
    """What a person reads who opens the conversation."""
    conversation.refresh_from_db()
    return [message.text for message in branch(conversation, tip)]


def stopped(user: User, text: str = "It was once", tokens: int = 3, read: int = 20) -> Message:
    """A reply that was stopped in the middle."""
    sent = say(user, "Tell me a story")
    Message.objects.filter(pk=sent.reply).update(prompt_tokens=read, completion_tokens=tokens)
    settle(sent, "stopped", text)
    return reply_of(sent)


def long_one(user: User, turns: int) -> Conversation:
    """A conversation of so many questions and answers."""
    conversation = Conversation.objects.create(owner=user, client_id=uuid4(), title="Long", length=2 * turns)
    roles = ("user", "assistant") * turns
    messages = [
        Message(conversation=conversation, position=position, role=role, text=f"Number {position}")
        for position, role in enumerate(roles)
    ]
    for before, message in pairwise(messages):
        message.parent = before
    Message.objects.bulk_create(messages)
    return conversation

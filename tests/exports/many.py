"""Conversations to export: rows of a person, and records without rows."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from accounts.models import User
from conversations.models import Conversation, Message, Rating
from exports.records import Item, Record

BEGAN = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)


def talk(*texts: str, number: int = 1, **more: Any) -> Record:
    """A person and the model in turn, in one branch."""
    ids = [UUID(int=number * 1000 + at) for at in range(len(texts))]
    items = tuple(
        Item(
            ids[at],
            at,
            "assistant" if at % 2 else "user",
            text,
            parent=ids[at - 1] if at else None,
            model="small" if at % 2 else "",
            created_at=BEGAN + timedelta(minutes=at),
        )
        for at, text in enumerate(texts)
    )
    return Record(UUID(int=number), "Tea", owner="alice", tip=ids[-1] if ids else None, messages=items, **more)


def said(owner: User, *texts: str, title: str = "Tea", model: str = "small", **more: Any) -> Conversation:
    """A conversation of a person, as rows."""
    conversation = Conversation.objects.create(
        owner=owner, client_id=uuid4(), title=title, length=len(texts), created_at=BEGAN, updated_at=BEGAN, **more
    )
    above = None
    for at, text in enumerate(texts):
        role = "assistant" if at % 2 else "user"
        above = Message.objects.create(
            conversation=conversation, position=at, parent=above, role=role, text=text, model=model if at % 2 else ""
        )
    conversation.tip = above
    conversation.save(update_fields=["tip"])
    return conversation


def rate(conversation: Conversation, value: int) -> None:
    Rating.objects.create(reply=conversation.messages.replies().latest("position"), value=value)

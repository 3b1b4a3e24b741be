"""Conversations to export."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from accounts.models import User
from conversations.models import Conversation, Message
from exports.records import Item, Record

SCHEMA = json.loads(Path("exports/conversation.schema.json").read_text())


def conversation(owner: User, asked: str = "What is a queue?", said: str = "A line.", **fields: Any) -> Conversation:
    """A question and its answer, in rows."""
    talk = Conversation.objects.create(owner=owner, client_id=uuid4(), length=2, **{"title": "A talk", **fields})
    question = Message.objects.create(conversation=talk, position=0, role="user", client_id=uuid4(), text=asked)
    reply = Message.objects.create(
        conversation=talk, position=1, parent=question, role="assistant", text=said, model="scripted", reasoning="Hm."
    )
    Conversation.objects.filter(pk=talk.pk).update(tip=reply)
    talk.refresh_from_db()
    return talk


def record(*texts: str, title: str = "A talk", **fields: Any) -> Record:
    """One person and one model in turn, without a database."""
    ids = [UUID(int=number + 1) for number in range(len(texts))]
    items = tuple(
        Item(
            ids[at],
            at,
            ("user", "assistant")[at % 2],
            text,
            ids[at - 1] if at else None,
            model="scripted" if at % 2 else "",
        )
        for at, text in enumerate(texts)
    )
    return Record(UUID(int=99), title, owner="alice", messages=items, **fields)


def with_items(record: Record, **fields: Any) -> Record:
    """The same with something else about each message."""
    return replace(record, messages=tuple(replace(item, **fields) for item in record.messages))

"""What a page that knows a conversation up to some message does not know yet."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.refusals import Refused
from conversations.services import Sent
from conversations.states import UNFINISHED, State


@dataclass(frozen=True, slots=True)
class News:
    """The ``messages`` frame, which of the conversation's replies exist and are not finished, and what it took."""

    frame: dict[str, Any]
    replies: frozenset[UUID]
    unfinished: frozenset[UUID]
    seconds: float  # of a processor


def since(user: User, conversation_id: UUID, after: UUID | None) -> News:
    """What came after a message, or all of it. Raises Conversation.DoesNotExist for one that is not the user's."""
    began = time.thread_time()
    conversation = Conversation.objects.visible_to(user).get(pk=conversation_id)
    messages = conversation.messages.order_by("position")
    known = messages.filter(pk=after).values_list("position", flat=True).first() if after else None
    new = messages if known is None else messages.filter(position__gt=known)
    replies = dict(messages.filter(role=Message.Role.ASSISTANT).values_list("pk", "state"))
    html = "".join(render_to_string("conversations/message.html", {"message": message}) for message in new)
    oldest = oldest_read(conversation)
    frame: dict[str, Any] = {
        "type": "messages",
        "conversation": str(conversation.pk),
        "title": conversation.title,
        "html": html,
    }
    frame["remembered_from"] = str(oldest) if oldest else None
    unfinished = frozenset(pk for pk, state in replies.items() if state in UNFINISHED)
    return News(frame, frozenset(replies), unfinished, time.thread_time() - began)


def oldest_read(conversation: Conversation) -> UUID | None:
    """The oldest message that the model read for the newest reply it began; None when it read all."""
    begun = conversation.messages.replies().exclude(state=State.QUEUED).order_by("-position")
    position = begun.values_list("remembered_from", flat=True).first()
    if position is None:
        return None
    return conversation.messages.filter(position=position).values_list("pk", flat=True).first()


def refused_frame(client_id: str, no: Refused) -> dict[str, Any]:
    """The ``refused`` frame."""
    said = {"code": no.code, "detail": str(no.detail), "allowed": no.allowed}
    return {"type": "refused", "client_id": client_id, **said, **no.more}


def sent_frame(client_id: str, sent: Sent) -> dict[str, Any]:
    """The ``sent`` frame."""
    conversation = sent.conversation
    frame = {
        "type": "sent",
        "client_id": client_id,
        "conversation": {
            "id": str(conversation.pk),
            "title": conversation.title,
            "url": conversation.url,
            "folder": conversation.folder_id,
        },
        "message": str(sent.message),
        "reply": str(sent.reply),
        "first": sent.first,
    }
    more = {"text": sent.text, "draft": sent.draft}
    return frame | {name: value for name, value in more.items() if value is not None}

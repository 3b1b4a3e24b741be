"""Hints to a person's other tabs and devices, over the channel layer. They may be lost; nothing rests on them."""

import logging
from typing import Any
from uuid import UUID

from redis.exceptions import RedisError

from conversations.models import Conversation
from conversations.services import Sent

SESSION_ENDED = "session.ended"

log = logging.getLogger(__name__)


async def listen(layer: Any, user_id: int, channel: str) -> None:
    """Send this person's hints to this socket."""
    await _quietly(layer.group_add, _group(user_id), channel)


async def leave(layer: Any, user_id: int, channel: str) -> None:
    """The socket is gone."""
    await _quietly(layer.group_discard, _group(user_id), channel)


async def changed(layer: Any, user_id: int, conversation: Conversation, *, but: str = "") -> None:
    """A conversation has news, for all of the person's sockets but one."""
    frame = {
        "type": "changed",
        "conversation": str(conversation.pk),
        "title": conversation.title,
        "url": conversation.url,
        "folder": conversation.folder_id,
    }
    await tell(layer, user_id, frame, but=but)


async def tell(layer: Any, user_id: int, frame: dict[str, Any], *, but: str = "") -> None:
    """A frame for all of the person's sockets but one."""
    await _quietly(layer.group_send, _group(user_id), {"type": "conversation.changed", "frame": frame, "but": but})


async def titled(layer: Any, user_id: int, conversation: UUID, title: str, *, but: str = "") -> None:
    """A conversation has another title; it has no other news, and stays where it is in lists."""
    frame = {"type": "title", "conversation": str(conversation), "title": title}
    await _quietly(layer.group_send, _group(user_id), {"type": "conversation.changed", "frame": frame, "but": but})


async def sent(layer: Any, user_id: int, saved: Sent, conversation: UUID | None, *, but: str = "") -> None:
    """A message was saved that was written in ``conversation``: news first, then that it is a draft no more."""
    await changed(layer, user_id, saved.conversation, but=but)
    if saved.draft is not None:
        await drafted(layer, user_id, conversation, saved.draft, but=but)


async def drafted(layer: Any, user_id: int, conversation: UUID | None, revision: int, *, but: str = "") -> None:
    """What is typed there and not sent is another text now, for all of the person's sockets but one."""
    frame = {"type": "drafted", "conversation": str(conversation) if conversation else None, "revision": revision}
    await _quietly(layer.group_send, _group(user_id), {"type": "conversation.changed", "frame": frame, "but": but})


async def look_again(layer: Any, user_id: int) -> None:
    """Some session of this person ended: each of their sockets looks whether it was its own."""
    await _quietly(layer.group_send, _group(user_id), {"type": SESSION_ENDED})


async def _quietly(call: Any, *arguments: Any) -> None:
    try:
        await call(*arguments)
    except (RedisError, OSError) as error:
        log.warning("A hint was lost: %s", error)


def _group(user_id: int) -> str:
    return f"person.{user_id}"

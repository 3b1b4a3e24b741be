"""Sessions that end take with them what hangs on them: sockets and event streams close at once.

Of a person who may no longer be here, the replies that wait or are being written stop too.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from accounts.models import sessions_ended
from conversations import hints
from conversations.models import Message
from conversations.services import stop
from conversations.signed_in import SignedIn
from conversations.states import State
from inference.cancelling import cancelled
from inference.events.feed import Feed


def connect() -> None:
    """Listen, from when the app is ready."""
    sessions_ended.connect(_sessions_ended, dispatch_uid="conversations.ended")


@asynccontextmanager
async def watching(session: SignedIn, user_id: int, then: Callable[[], None]) -> AsyncGenerator[None, None]:
    """Meanwhile, call ``then`` once the session is over."""
    layer: Any = get_channel_layer()
    channel = await layer.new_channel()
    await hints.listen(layer, user_id, channel)
    task = asyncio.create_task(_watch(layer, channel, session, then))
    try:
        yield
    finally:
        await cancelled([task])
        await hints.leave(layer, user_id, channel)


async def _watch(layer: Any, channel: str, session: SignedIn, then: Callable[[], None]) -> None:
    while True:
        hint = await layer.receive(channel)
        if hint["type"] == hints.SESSION_ENDED and not await session.holds(again=True):
            then()
            return


def _sessions_ended(user_id: int, stops: bool, **more: Any) -> None:
    async_to_sync(_tell)(user_id, _stop_all(user_id) if stops else [])


def _stop_all(user_id: int) -> list[UUID]:
    """Ask for the end of all of a person's replies, those for programs too."""
    going = Message.objects.filter(
        conversation__owner_id=user_id, role=Message.Role.ASSISTANT, state__in=(State.QUEUED, State.WRITING)
    ).select_related("conversation__owner")
    replies = list(going)
    for reply in replies:
        with suppress(Message.DoesNotExist):  # it ended meanwhile, and what a program asked for is not kept
            stop(reply.conversation.owner, reply.pk, reply.conversation.kind)
    return [reply.pk for reply in replies]


async def _tell(user_id: int, stopped: list[UUID]) -> None:
    await hints.look_again(get_channel_layer(), user_id)
    if stopped:
        feed = Feed()
        for reply in stopped:
            await feed.hasten_stop(reply)
        await feed.close()

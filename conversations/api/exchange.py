"""One request and the reply it asks for: sent, followed to its end, stopped when the client goes away first."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID, uuid4

from channels.layers import get_channel_layer
from django.core.cache import cache
from django.db import Error as DatabaseFault
from redis.exceptions import RedisError

from accounts.models import ApiKey
from conversations import hints, services
from conversations.api import errors, rates
from conversations.api.answers import Frame
from conversations.api.asked import Asked
from conversations.api.purge import purge
from conversations.api.standby import is_away
from conversations.database import in_database
from conversations.follow import FINAL_STATE, Cursor, Follower
from conversations.models import Message
from conversations.refusals import Refused
from conversations.services import Draft, Sent
from conversations.states import State
from conversations.streams import streams
from inference.concerning import concern
from inference.events.feed import Mailbox
from inference.events.items import Part

TRIES = 3  # with one Idempotency-Key, after answers that came to nothing
COUNTED_S = 86_400  # who waits for one reply: longer than any takes, its queue included
IDLE_S = 10.0  # without a word, after which a stream says that it is still there
IDLE = b'{"type":"idle"}'
VAIN = frozenset({State.STOPPED, State.FAILED})

log = logging.getLogger(__name__)


class Exchange:
    """``begin`` sends, ``frames`` follows; ``close`` must come last, however it ended."""

    reply: UUID
    headers: dict[str, str]

    def __init__(self, key: ApiKey, asked: Asked) -> None:
        self.key = key
        self.asked = asked
        self._sent: Sent | None = None
        self._has_ended = False
        self._follower: Follower | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def begin(self) -> None:
        """Raises ApiError where nothing was sent."""
        try:
            for time in range(TRIES):
                self._follower = await self._send(self.asked.draft(self.key, time))
                if self._follower:
                    break
                if time == TRIES - 1 or not await in_database(self._came_to_nothing):
                    self._follower = (await streams()).follower(self.reply, Cursor(), html=False)
                    break
            if self.key.saves and self._sent:
                await hints.sent(get_channel_layer(), self.key.user_id, self._sent, None)
        except BaseException:
            await self.close()
            raise
        concern(self.reply)

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """The reply's, ending with a terminal one; ``idle`` from time to time where nothing comes."""
        assert self._follower  # noqa: S101 - begun
        self._remind(self._follower.listen())
        async with aclosing(self._follower.frames()) as frames:
            async for frame in frames:
                self._has_ended = frame["type"] in FINAL_STATE
                yield frame

    def _remind(self, mailbox: Mailbox) -> None:
        """Have the follower tell something from time to time: a timer each would cost more with every token."""

        def say_idle() -> None:
            mailbox.put((str(self.reply), 0, 0, Part.EVENT, 0, IDLE))
            self._remind(mailbox)

        self._timer = asyncio.get_running_loop().call_later(IDLE_S, say_idle)

    async def problem(self) -> str:
        """Why the reply failed."""
        row = await in_database(Message.objects.filter(pk=self.reply).only("problem").first)
        return row.problem if row else ""

    async def close(self) -> None:
        """Stop a reply that nobody waits for any more; forget what was not to be kept.

        It is done though the client goes away meanwhile: what waits for a thread would be cancelled with the request.
        """
        if self._timer:
            self._timer.cancel()
        if self._follower:
            self._follower.close()
        if self._sent:
            await asyncio.shield(asyncio.ensure_future(self._leave(self._sent)))

    async def _leave(self, sent: Sent) -> None:
        try:
            if not self._has_ended:
                await self._stop(sent)
            elif not self.asked.idempotency:
                await in_database(purge, sent.conversation.pk, self.key.user_id)
        except (DatabaseFault, RedisError) as error:
            log.warning("A conversation of the API stays for now: %s", error, extra={"reply": self.reply})

    async def _send(self, draft: Draft) -> Follower | None:
        """Who follows the new reply; None where it is an earlier one that is to be told again."""
        shared = await streams()
        follower = shared.follower(uuid4(), Cursor(), html=False, fresh=True)
        follower.listen()
        try:
            async with shared.turn(self.key.user_id):
                saving = asyncio.ensure_future(in_database(self._save, draft, follower.reply_id))
                try:
                    await asyncio.shield(saving)
                except asyncio.CancelledError:
                    await asyncio.wait({saving})  # it is not undone: what it made is to be stopped
                    raise
        except BaseException:
            follower.close()
            raise
        if self.reply == follower.reply_id:
            return follower
        follower.close()
        return None

    def _save(self, draft: Draft, reply_id: UUID) -> None:
        if is_away(draft.parameters.model) and not self._was_sent(draft):
            raise errors.away()
        try:
            self._sent = services.send(self.key.user, draft, reply_id=reply_id)
        except Refused as no:
            raise errors.of_refusal(no, rates.headers(self.key.user_id), self.asked.said_in) from no
        self.reply = self._sent.reply
        self.headers = rates.headers(self.key.user_id)
        if self.asked.idempotency:
            cache.add(self._waiting, 0, COUNTED_S)
            cache.incr(self._waiting)

    def _was_sent(self, draft: Draft) -> bool:
        """Whether this is a request that came before: its answer may be there though the engine is not."""
        mine = Message.objects.visible_to(self.key.user, draft.kind)
        return bool(self.asked.idempotency) and mine.filter(client_id=draft.client_id).exists()

    def _came_to_nothing(self) -> bool:
        return Message.objects.filter(pk=self.reply, state__in=VAIN).exists()

    @property
    def _waiting(self) -> str:
        """Under which those are counted who wait for one reply under one key. Who died with a process counts on: the
        reply is written to its end then."""
        return f"api:{self.reply}"

    def _others_wait(self) -> bool:
        try:
            return cache.decr(self._waiting) > 0
        except ValueError:  # Redis came back empty: nobody knows of others
            return False

    async def _stop(self, sent: Sent) -> None:
        if await in_database(self._stop_if_last, sent):
            await (await streams()).feed.hasten_stop(self.reply)

    def _stop_if_last(self, sent: Sent) -> bool:
        """Whether a worker is still to hear of it."""
        if self.asked.idempotency and self._others_wait():
            return False
        try:
            reply = services.stop(self.key.user, sent.reply, sent.conversation.kind)
        except Message.DoesNotExist:
            return False
        if reply.is_final and not self.asked.idempotency:
            purge(sent.conversation.pk, self.key.user_id)
        return not reply.is_final

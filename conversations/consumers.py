"""The socket of one tab. Handlers are short and never await a stream: following is a task of its own."""

import asyncio
import logging
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import orjson
from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error as DatabaseFault
from django.utils import translation

from accounts import second_factor
from conversations import frames, hints, metrics, news, noted, timings
from conversations.again import again
from conversations.allowance import allowance
from conversations.branches import choose, erase
from conversations.database import in_database
from conversations.follow import Cursor, Follower
from conversations.language import language_of
from conversations.models import Conversation, Message
from conversations.pace import Pace
from conversations.refusals import Refused
from conversations.services import send, stop
from conversations.signed_in import SignedIn
from conversations.streams import Streams, streams
from inference.concerning import concerning

VERSION = 1
NOT_SIGNED_IN = 4401
TOO_FAST = 4429
COUNTING_S = 5e-6  # of a processor, for a character whose tokens are counted
MOST_COUNTED = 50_000  # a longer text is mostly refused by its length
MOST_FOLLOWED = 64  # replies one socket follows at once

log = logging.getLogger(__name__)


class ChatConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Speaks docs/websocket.md."""

    streams: Streams

    async def connect(self) -> None:
        self.user = self.scope["user"]
        self.language = language_of(self.scope)
        self.tasks: dict[UUID, asyncio.Task[None]] = {}
        self.pace = Pace()
        self.is_counted = False
        await self.accept()
        metrics.SOCKETS.inc()
        self.is_open = True
        if not self.user.is_authenticated:
            await self.end(NOT_SIGNED_IN)
            return
        self.signed_in = SignedIn(self.scope["session"], self.user)
        if await in_database(second_factor.is_due, self.user):
            await self.end(NOT_SIGNED_IN)
            return
        self.streams = await streams()
        self.is_counted = self.streams.enters(self.user.pk)
        if not self.is_counted:
            await self.complain("too_many_sockets", "You have too many tabs open.", None)
            await self.end(TOO_FAST)
            return
        await hints.listen(self.channel_layer, self.user.pk, self.channel_name)
        await self.say({"type": "hello", "version": VERSION, "limits": await self.limits()})

    async def disconnect(self, code: int) -> None:
        metrics.SOCKETS.dec()
        self.follow_nothing()
        if self.is_counted:
            self.streams.leaves(self.user.pk)
        if self.user.is_authenticated:
            await hints.leave(self.channel_layer, self.user.pk, self.channel_name)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """As Channels', without its look at the connections of Django's shared thread, which we do not use."""
        await getattr(self, get_handler_name(message))(message)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self.is_open:
            return
        if not self.pace.allows():
            await self.complain("too_fast", "Too many frames.", None)
            await self.end(TOO_FAST)
            return
        if not await self.signed_in.holds():
            await self.end(NOT_SIGNED_IN)
            return
        if text_data is None:
            await self.complain("binary", "Frames must be text.", None)
            return
        try:
            command = frames.parse(text_data)
        except frames.Malformed as error:
            await self.complain(error.code, str(error), error.about)
            return
        about = getattr(command, "kind", type(command).__name__.lower())
        try:
            with translation.override(self.language):
                await self.obey(command)
        except (Conversation.DoesNotExist, Message.DoesNotExist):
            await self.complain("not_found", "There is nothing of this id here for you.", about)
        except DatabaseFault:
            log.exception("A frame of type %s failed", about, extra={"reply": getattr(command, "reply", "")})
            await self.complain("unavailable", "The database is away. Try again in a moment.", about)

    async def obey(self, command: frames.Command) -> None:
        match command:
            case frames.Send():
                await self.send_message(command)
            case frames.Again():
                await self.ask_again(command)
            case frames.Choose() | frames.Erase():
                await self.turn(command)
            case frames.Open():
                await self.open(command)
            case frames.Note():
                await self.say(await noted.answer(self.channel_layer, self.user, command, but=self.channel_name))
            case _:
                await self.obey_simply(command)

    async def obey_simply(self, command: frames.Command) -> None:
        match command:
            case frames.Follow(reply, cursor, html):
                await in_database(Message.objects.visible_to(self.user).replies().only("pk").get, pk=reply)
                self.follow(self.streams.follower(reply, cursor, html=html))
            case frames.Stop(reply):
                await in_database(stop, self.user, reply)
                await self.streams.feed.hasten_stop(reply)
            case frames.Timing(seen):
                await in_database(timings.save, self.user, seen)
            case frames.Limits():
                await self.say({"type": "limits", "limits": await in_database(allowance, self.user.pk)})
            case frames.Ping():
                await self.say({"type": "pong"})

    async def send_message(self, command: frames.Send) -> None:
        client_id = str(command.draft.client_id)
        self.pace.charge(min(len(command.draft.text), MOST_COUNTED) * COUNTING_S)
        follower = self.streams.follower(uuid4(), Cursor(), html=command.html, fresh=True)
        follower.listen()
        try:
            sent = await in_database(send, self.user, command.draft, reply_id=follower.reply_id)
        except Refused as no:
            follower.close()
            await self.say(news.refused_frame(client_id, no))
            return
        except BaseException:
            follower.close()
            raise
        await self.say(news.sent_frame(client_id, sent))
        if sent.reply == follower.reply_id:
            self.follow(follower)
        else:
            follower.close()
            self.follow_again(sent.reply, html=command.html)
        await hints.sent(self.channel_layer, self.user.pk, sent, command.draft.conversation, but=self.channel_name)

    async def ask_again(self, command: frames.Again) -> None:
        client_id = str(command.wish.client_id)
        try:
            sent = await in_database(again, self.user, command.wish)
        except Refused as no:
            await self.say(news.refused_frame(client_id, no))
            return
        await self.say(news.sent_frame(client_id, sent))
        self.follow_again(sent.reply, html=command.html, cursor=Cursor(*sent.cursor or ()))
        await hints.changed(self.channel_layer, self.user.pk, sent.conversation, but=self.channel_name)

    async def turn(self, command: frames.Choose | frames.Erase) -> None:
        """Show another branch. Other tabs stay where they are, but hear what is gone."""
        verb = erase if isinstance(command, frames.Erase) else choose
        async with self.streams.turn(self.user.pk):
            try:
                turned = await in_database(verb, self.user, command.message)
            except Refused as no:
                await self.say({**news.refused_frame("", no), "about": type(command).__name__.lower()})
                return
            page = await in_database(news.turned, turned)
        self.pace.charge(page.seconds)
        await self.say(page.frame)
        for reply in page.unfinished:
            self.follow(self.streams.follower(reply, Cursor(), html=command.html))
        if verb is erase:
            await hints.changed(self.channel_layer, self.user.pk, turned.conversation, but=self.channel_name)

    async def limits(self) -> dict[str, Any] | None:
        """None while the database is away: the page has those it was loaded with."""
        try:
            return await in_database(allowance, self.user.pk)
        except DatabaseFault as error:
            log.warning("A page is not told its limits: %s", error)
            return None

    async def open(self, command: frames.Open) -> None:
        async with self.streams.turn(self.user.pk):
            page = await in_database(news.since, self.user, command.conversation, command.after)
        self.pace.charge(page.seconds)
        await self.say(page.frame)
        for reply in page.unfinished | command.cursors.keys() & page.replies:
            cursor = command.cursors.get(reply, Cursor())
            self.follow(self.streams.follower(reply, cursor, html=command.html))

    def follow(self, follower: Follower) -> None:
        """Follow a reply beside everything else; a second follower of one reply takes the place of the first."""
        if old := self.tasks.pop(follower.reply_id, None):
            old.cancel()
        elif len(self.tasks) >= MOST_FOLLOWED:
            self.tasks.pop(next(iter(self.tasks))).cancel()
        task = asyncio.create_task(self.pump(follower))
        self.tasks[follower.reply_id] = task
        task.add_done_callback(lambda done: self.forget(follower.reply_id, done))

    def follow_again(self, reply: UUID, *, html: bool, cursor: Cursor | None = None) -> None:
        """Follow the reply to a message that was sent before, from its beginning, unless it is followed here.

        A page that comes back opens its conversation and sends again at once: told twice, it would show the text twice.
        """
        if reply not in self.tasks:
            self.follow(self.streams.follower(reply, cursor or Cursor(), html=html))

    async def pump(self, follower: Follower) -> None:
        with translation.override(self.language), concerning(follower.reply_id):
            async for frame in follower.frames():
                await self.say(frame)

    def forget(self, reply: UUID, task: "asyncio.Task[None]") -> None:
        if self.tasks.get(reply) is task:
            del self.tasks[reply]
        if not task.cancelled() and (error := task.exception()):
            log.error("Following a reply failed", exc_info=error, extra={"reply": reply})

    def follow_nothing(self) -> None:
        for task in self.tasks.values():
            task.cancel()

    async def conversation_changed(self, hint: dict[str, Any]) -> None:
        """Another tab or device of this person has news."""
        if hint["but"] != self.channel_name:
            await self.say(hint["frame"])

    async def session_ended(self, hint: dict[str, Any]) -> None:
        """A session of this person is over, perhaps the one that opened this socket."""
        if not await self.signed_in.holds(again=True):
            await self.end(NOT_SIGNED_IN)

    async def complain(self, code: str, detail: str, about: str | None) -> None:
        await self.say({"type": "error", "code": code, "detail": detail, "about": about})

    async def say(self, frame: dict[str, Any]) -> None:
        """Send a frame, if anybody is still there to read it."""
        if not self.is_open:
            return
        try:
            await self.send(text_data=orjson.dumps(frame).decode())
        except OSError:  # the tab is gone; raised, this would end the consumer before its ``disconnect``
            self.is_open = False

    async def end(self, code: int) -> None:
        """Close the socket; what still comes from it is not read."""
        self.is_open = False
        self.follow_nothing()
        with suppress(OSError):
            await self.close(code)

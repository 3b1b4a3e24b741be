"""Following a reply from a cursor to its end, whoever writes it: one path for loading, a second tab and reconnecting.

A follower listens first, then reads what is there, then drops what overlaps by offset. What it cannot know to be
complete (a gap in the offsets, silence, a reader that had to reconnect) it settles by reading row and snapshot again.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from django.db import DatabaseError
from redis.exceptions import RedisError

from conversations.database import in_database, persistently
from conversations.models import Message
from conversations.problems import sentence
from conversations.replies import places
from conversations.states import EVENT, State
from inference import presence, serving
from inference.events.client import blocking_client
from inference.events.feed import Feed, Mailbox
from inference.events.items import Item, Part, Snapshot

if TYPE_CHECKING:
    from conversations.formatting import Formatting

Frame = dict[str, Any]

FINAL_STATE = {name: state for state, name in EVENT.items()}
NAMES = {Part.TEXT: "text", Part.REASONING: "reasoning"}


@dataclass(slots=True)
class Cursor:
    """What a follower has: the version of the text, and how many bytes of its reasoning and its text."""

    epoch: int = 0
    reasoning: int = 0
    text: int = 0

    def as_list(self) -> list[int]:
        return [self.epoch, self.reasoning, self.text]

    def move(self, part: int, end: int) -> None:
        if part == Part.TEXT:
            self.text = end
        else:
            self.reasoning = end

    def at(self, part: int) -> int:
        return self.text if part == Part.TEXT else self.reasoning


class Follower:
    """One who reads one reply. ``fresh``: just made, nothing to catch up with; ``unsaved``: it may not be saved yet."""

    def __init__(
        self,
        reply_id: UUID,
        cursor: Cursor,
        feed: Feed,
        *,
        format_it: "Callable[[], Formatting] | None" = None,
        fresh: bool = False,
        unsaved: bool = False,
    ) -> None:
        self.reply_id = reply_id
        self.cursor = cursor
        self._feed = feed
        self._format_it = format_it
        self._fresh = fresh
        self._unsaved = unsaved
        self._mailbox: Mailbox | None = None
        self._formatting: Formatting | None = None
        self._gap = False
        self._ended = False
        self._told: set[str] = set()  # parts of which all blocks so far were told
        self._said: Frame | None = None  # the last queued or started frame

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """The reply's events as docs/websocket.md has them, ending with exactly one terminal event."""
        mailbox = self.listen()
        try:
            if not self._fresh:
                async for frame in self._catch_up():
                    yield frame
            while not self._ended:
                items = await mailbox.take()
                self._unsaved = self._unsaved and not items
                for frame in self._read(items):
                    yield await self._finished(frame) if frame["type"] in FINAL_STATE else frame
                if not self._ended and (self._gap or mailbox.resync):
                    self._gap = mailbox.resync = False
                    async for frame in self._catch_up():
                        yield frame
        finally:
            self.close()

    def listen(self) -> Mailbox:
        """From now on nothing is missed. ``frames`` does it; whoever makes the reply does it before."""
        if self._mailbox is None:
            if self._format_it:
                self._formatting = self._format_it()  # first, so that it has each piece before its followers
            self._mailbox = self._feed.attach(self.reply_id)
            if self._formatting:
                self._formatting.join(self._mailbox)
        return self._mailbox

    def end(self) -> None:
        """Tell nothing more: ``frames`` ends without a terminal event."""
        self._ended = True
        if self._mailbox:
            self._mailbox.missed()

    def close(self) -> None:
        """Stop listening; for a follower that never began, too."""
        if self._mailbox:
            self._feed.detach(self.reply_id, self._mailbox)
            if self._formatting:
                self._formatting.leave(self._mailbox)
            self._mailbox = None

    # --- What arrives -------------------------------------------------------------------------------------------------

    def _read(self, items: list[Item]) -> Iterator[Frame]:
        for part, epoch, offset, data in _merged(items):
            if self._ended or self._gap:
                return
            if part == Part.EVENT:
                yield from self._event(orjson.loads(data))
            elif part == Part.HTML:
                yield from self._html(*orjson.loads(data))
            elif epoch != self.cursor.epoch:
                self._gap = epoch > self.cursor.epoch
            else:
                yield from self._piece(part, offset, data)

    def _piece(self, part: int, offset: int, data: bytes) -> Iterator[Frame]:
        have = self.cursor.at(part)
        end = offset + len(data)
        if offset > have or _tears(data, have - offset):
            self._gap = True
        elif end > have:
            self.cursor.move(part, end)
            yield self._text(part, data[have - offset :])

    def _text(self, part: int, data: bytes) -> Frame:
        return self._frame(NAMES[Part(part)], cursor=self.cursor.as_list(), text=data.decode())

    def _event(self, event: Frame) -> Iterator[Frame]:
        if event["type"] in FINAL_STATE:
            if event["cursor"] == self.cursor.as_list():
                self._ended = True
                yield self._terminal(event)
            else:
                self._gap = True  # the row has all of it
        elif event["type"] == "state" and event["state"] != "continuing":
            self._gap = True
        else:
            yield self._frame(**event)

    def _html(self, part: str, blocks: list[list[Any]], end: int, epoch: int, whole: bool) -> Iterator[Frame]:
        formatting = self._formatting
        if formatting is None or epoch != self.cursor.epoch or not (whole or part in self._told):
            return
        number = Part.TEXT if part == "text" else Part.REASONING
        if end > self.cursor.at(number):
            self.cursor.move(number, end)
        rest = formatting.between(number, end, self.cursor.at(number))
        if rest is None:
            self._told.discard(part)
            if self._mailbox:
                formatting.post_soon(self._mailbox)
            return
        self._told.add(part)
        for key, html in blocks:
            yield self._frame("html", part=part, block=key, html=html, rest=rest, cursor=self.cursor.as_list())

    # --- What is there ------------------------------------------------------------------------------------------------

    async def _catch_up(self) -> AsyncGenerator[Frame, None]:
        row = await persistently(Message.objects.filter(pk=self.reply_id).first)
        if row is None and self._unsaved:
            return
        self._unsaved = False
        if row is None:
            self._ended = True
            yield self._frame("failed", cursor=self.cursor.as_list(), detail="")
            return
        held = await self._longest(row)
        for frame in self._bring_to(held, final=row.is_final):
            yield frame
        if row.remembered_from is not None and (oldest := await persistently(_oldest_read, row)):
            yield self._frame("context", remembered_from=oldest)
        if row.is_final:
            self._ended = True
            event = {"type": EVENT[State(row.state)], "problem": row.problem, **row.describe_end()}
            yield await self._finished(self._terminal(event))
            return
        if self._formatting and self._mailbox:
            self._formatting.post_shown(self._mailbox)
        said = await self._standing(row)
        if said != self._said:
            self._said = said
            yield said

    async def _longest(self, row: Message) -> Snapshot:
        saved = Snapshot(row.attempt, row.epoch, row.reasoning.encode(), row.text.encode())
        if row.is_final:
            return saved
        try:
            live = await self._feed.snapshot(self.reply_id)
        except RedisError:
            return saved
        return max(saved, live or saved, key=lambda one: (one.epoch, len(one.reasoning) + len(one.text)))

    def _bring_to(self, held: Snapshot, *, final: bool) -> Iterator[Frame]:
        cursor = self.cursor
        ahead = cursor.text > len(held.text) or cursor.reasoning > len(held.reasoning)
        begins = not (cursor.text or cursor.reasoning)
        same = held.epoch == cursor.epoch
        torn = same and (_tears(held.text, cursor.text) or _tears(held.reasoning, cursor.reasoning))
        if held.epoch > cursor.epoch or torn or (final and (ahead or not same)):
            self.cursor = Cursor(held.epoch)
            self._told.clear()
            if not begins:
                yield from self._shown_again(held)
                return
        elif held.epoch < cursor.epoch:
            return  # a newer version is on its way
        for part, data in ((Part.REASONING, held.reasoning), (Part.TEXT, held.text)):
            have = self.cursor.at(part)
            if len(data) > have:
                self.cursor.move(part, len(data))
                yield self._text(part, data[have:])

    def _shown_again(self, held: Snapshot) -> Iterator[Frame]:
        self.cursor = Cursor(held.epoch, len(held.reasoning), len(held.text))
        frame = self._frame("state", state="restarted", cursor=self.cursor.as_list())
        if held.text or held.reasoning:
            frame |= {"state": "rewound", "text": held.text.decode(), "reasoning": held.reasoning.decode()}
        yield frame

    async def _standing(self, row: Message) -> Frame:
        if row.state == State.WRITING:
            reasons = row.reasoning_ms is not None and not row.text
            return self._frame("started", model=row.model, **({"reasoning_ms": row.reasoning_ms} if reasons else {}))
        try:
            place = await in_database(places.place, row.pk, row.model)
            engine = await asyncio.to_thread(presence.state_of, blocking_client(), row.model)
        except (RedisError, DatabaseError):
            place, engine = places.Place(0, None), "away"
        return self._frame("queued", ahead=place.ahead, wait_s=place.wait_s, engine=engine)

    # --- Its end ------------------------------------------------------------------------------------------------------

    def _terminal(self, event: Frame) -> Frame:
        problem = event.pop("problem", "")
        return self._frame(**event, detail=sentence(FINAL_STATE[event["type"]], problem))

    async def _finished(self, frame: Frame) -> Frame:
        return frame | (await self._formatting.whole(self.cursor) if self._formatting else {})

    def _frame(self, type: str, **fields: Any) -> Frame:  # noqa: A002 - the protocol's own word
        called = {"label": serving.label(fields["model"])} if type == "started" else {}
        return {"type": type, "reply": str(self.reply_id), **fields, **called}


def _oldest_read(row: Message) -> str:
    """The id of the oldest message that the model read for this reply; empty when that was erased since."""
    oldest = Message.objects.filter(conversation_id=row.conversation_id, position=row.remembered_from or 0)
    return str(oldest.values_list("pk", flat=True).first() or "")


def _tears(data: bytes, at: int) -> bool:
    """Whether a cut there goes through a character: such a cursor did not come from here."""
    return 0 < at < len(data) and data[at] & 0xC0 == 0x80


def _merged(items: list[Item]) -> Iterator[tuple[int, int, int, bytes]]:
    """Items as (part, epoch, offset, data), neighbours joined where they continue: a slow browser gets fewer frames."""
    if len(items) == 1:
        _, _, epoch, part, offset, data = items[0]
        yield part, epoch, offset, data
        return
    waiting: tuple[int, int, int, bytes] | None = None
    for _, _, epoch, part, offset, data in items:
        if waiting and part < Part.EVENT and waiting[:2] == (part, epoch) and waiting[2] + len(waiting[3]) == offset:
            waiting = (part, epoch, waiting[2], waiting[3] + data)
            continue
        if waiting:
            yield waiting
        waiting = (part, epoch, offset, data)
    if waiting:
        yield waiting

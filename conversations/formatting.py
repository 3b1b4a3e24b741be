"""The HTML of a streaming reply, made once in a web process for all who follow it there."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import orjson

from conversations.follow import FINAL_STATE, Cursor, Follower
from conversations.rendering import PARTS, Block, LiveRender
from conversations.rendering import Part as PartName
from inference.concerning import concerning
from inference.events.feed import Feed, Mailbox
from inference.events.items import Item, Part

THREADS = 1  # rendering is Python: more threads would only take the interpreter from the event loop

LATER_S = 0.05

_executor = ThreadPoolExecutor(THREADS, thread_name_prefix="markdown")
_NUMBERS: dict[PartName, Part] = {"text": Part.TEXT, "reasoning": Part.REASONING}

log = logging.getLogger(__name__)


class Formatting:
    """One reply's rendering: reads the reply as any follower does, and posts new blocks to those who joined."""

    def __init__(self, reply_id: UUID, feed: Feed, *, fresh: bool) -> None:
        self.mailboxes: set[Mailbox] = set()
        self._follower = Follower(reply_id, Cursor(), feed, fresh=fresh, unsaved=fresh)
        self._bytes = {part: bytearray() for part in Part}
        self._scope = reply_id.hex
        self._render = LiveRender(_executor, self._on_blocks, self._scope)
        self._begun: set[PartName] = set()  # parts of which this render has posted blocks
        self._whole: dict[str, str] | None = None
        with concerning(reply_id):
            self.task = asyncio.create_task(self._run())

    def join(self, mailbox: Mailbox) -> None:
        self.mailboxes.add(mailbox)

    def leave(self, mailbox: Mailbox) -> None:
        """The last one who leaves ends it."""
        self.mailboxes.discard(mailbox)
        if not self.mailboxes:
            self.task.cancel()

    def post_shown(self, mailbox: Mailbox) -> None:
        """Post all blocks so far, for one who begins to follow."""
        for part in PARTS:
            mailbox.put(self._item(part, *self._render.shown(part), whole=True))

    def post_soon(self, mailbox: Mailbox) -> None:
        """The same in a moment, for one who was handed text before this task was."""
        asyncio.get_running_loop().call_later(LATER_S, self.post_shown, mailbox)

    def between(self, part: int, start: int, end: int) -> str | None:
        """The raw text of a part from byte to byte, both at characters' edges; None before it has come this far."""
        held = self._bytes[Part(part)]
        return held[start:end].decode() if len(held) >= end else None

    async def whole(self, cursor: Cursor) -> dict[str, str]:
        """The finished reply as ``html`` and ``reasoning_html``."""
        await asyncio.wait([self.task])
        return self._whole or {}

    async def _run(self) -> None:
        try:
            async for frame in self._follower.frames():
                await self._take(frame)
        except Exception:  # the edge of a task nobody awaits: without HTML the reply is still shown as text
            log.exception("A reply could not be rendered")
        finally:
            await self._render.close()

    async def _take(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind in _NUMBERS:
            self._say(kind, frame["text"])
        elif kind == "state" and frame["state"] != "continuing":
            old, self._render = self._render, LiveRender(_executor, self._on_blocks, self._scope)
            self._begun.clear()
            for part in PARTS:
                self._bytes[_NUMBERS[part]].clear()
                self._say(part, frame.get(part, ""))
            await old.close()  # last: who joins meanwhile would be told old blocks as if they were of the new text
        elif kind in FINAL_STATE:
            whole = await self._render.finish()
            self._whole = {"html": whole["text"], "reasoning_html": whole["reasoning"]}

    def _say(self, part: PartName, text: str) -> None:
        if text:
            self._bytes[_NUMBERS[part]] += text.encode()
            self._render.feed(part, text)

    def _on_blocks(self, part: PartName, blocks: list[Block], end: int) -> None:
        item = self._item(part, blocks, end, whole=part not in self._begun)
        self._begun.add(part)
        for mailbox in self.mailboxes:
            mailbox.put(item)

    def _item(self, part: PartName, blocks: list[Block], end: int, *, whole: bool) -> Item:
        epoch = self._follower.cursor.epoch
        data = orjson.dumps([part, [list(block) for block in blocks], end, epoch, whole])
        return ("", 0, epoch, Part.HTML, 0, data)


class Formattings:
    """All renderings of a process, one a reply."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._by_reply: dict[UUID, Formatting] = {}

    def of(self, reply_id: UUID, *, fresh: bool) -> Formatting:
        """The rendering of a reply, begun if nobody here follows it yet. The caller joins it."""
        known = self._by_reply.get(reply_id)
        if known is None or known.task.done() or known.task.cancelling():  # its last follower just left
            known = self._by_reply[reply_id] = Formatting(reply_id, self._feed, fresh=fresh)
            known.task.add_done_callback(lambda task: self._forget(reply_id, task))
        return known

    def _forget(self, reply_id: UUID, task: "asyncio.Task[None]") -> None:
        if (known := self._by_reply.get(reply_id)) and known.task is task:
            del self._by_reply[reply_id]

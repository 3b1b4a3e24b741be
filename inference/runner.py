"""One attempt at one reply: what the engine yields goes out through the reply's channel until it ends or is aborted.

Closing the engine's generator is the only way to abort; ``Live.abort`` cancels the task that reads it. Between engine
and channel may stand a gate, which holds back what may not be released yet.
"""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import aclosing
from dataclasses import replace
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from inference.events.items import Part
from inference.events.writer import Channel
from inference.metrics import COMPLETION_TOKENS
from inference.protocol import Chunk, Engine, EngineError, Finish, Request

R = TypeVar("R")


class Abort(StrEnum):
    """Why a worker gave up an attempt by itself."""

    STOPPED = "stopped"  # a person asked for it
    SUPERSEDED = "superseded"  # another attempt has the reply
    HANDED_OVER = "handed_over"  # this worker ends; another goes on


class Aborted(Exception):  # noqa: N818 - an order carried out, not a fault
    """The attempt was aborted for ``reason``."""

    def __init__(self, reason: Abort) -> None:
        super().__init__(reason)
        self.reason = reason


class Withheld(Exception):  # noqa: N818 - a decision, not a fault
    """The gate lets nothing more of this reply out; what it released stands."""


class Gate(Protocol):
    """Decides what of an engine's words is released, and when. One for each attempt."""

    def hear(self, part: Part, text: str) -> None:
        """The engine's next piece."""

    def finish(self) -> None:
        """The engine has said all it will: what was only held back is to be released."""

    async def release(self) -> list[tuple[Part, str]]:
        """What may be told now, in order; each piece once. Does first what must be done before it is told."""

    @property
    def is_shut(self) -> bool:
        """Whether nothing more will be released."""


class Live:
    """A reply that this worker writes now: all text released so far, this attempt's and before."""

    def __init__(self, reply_id: str, channel: Channel) -> None:
        self.id = reply_id
        self.channel = channel
        self.first_text_at: float | None = None  # time.time() of the first piece of this attempt
        self.ended_at: float | None = None  # time.time() when this attempt stopped writing
        self.prompt_tokens = 0
        self.tokens = 0  # completion tokens so far, those of earlier attempts included
        self.tokens_before = 0  # those of earlier attempts
        self.gate: Gate | None = None  # none releases everything at once
        self._reasoned: float | None = None  # seconds, without what has passed since it reasons now
        self._reasons_since: float | None = None  # time.monotonic()
        self._has_text = False
        self._pieces: dict[Part, list[str]] = {Part.TEXT: [], Part.REASONING: []}
        self._task: asyncio.Task[Any] | None = None
        self._abort: Abort | None = None

    def begin(
        self, *, text: str, reasoning: str, prompt_tokens: int, tokens: int, reasoning_ms: int | None = None
    ) -> None:
        """What earlier attempts released, and their counts and time as far as they were saved."""
        self._reasoned = None if reasoning_ms is None else reasoning_ms / 1000
        self._has_text = bool(text)
        self.prompt_tokens = prompt_tokens
        self.tokens = self.tokens_before = tokens
        self._pieces = {Part.TEXT: [text], Part.REASONING: [reasoning]}

    @property
    def text(self) -> str:
        return self._joined(Part.TEXT)

    @property
    def reasoning(self) -> str:
        return self._joined(Part.REASONING)

    @property
    def reasoning_ms(self) -> int | None:
        """How long it has reasoned before its first text, in all attempts; None if it has not."""
        if self._reasons_since is None:
            return None if self._reasoned is None else round(self._reasoned * 1000)
        return round(((self._reasoned or 0) + time.monotonic() - self._reasons_since) * 1000)

    @property
    def cursor(self) -> list[int]:
        """Epoch, bytes of reasoning, bytes of text."""
        text, reasoning = self.channel.sizes
        return [self.channel.epoch, reasoning, text]

    def abort(self, reason: Abort) -> None:
        """End the attempt; ``generate`` raises Aborted. The first reason stands.

        Said again, it changes nothing: another cancellation would cut short how the engine lets go of the request.
        """
        if self._abort is None:
            self._abort = reason
            if self._task:
                self._task.cancel()

    def close(self) -> None:
        """Nothing more will be written. What calls its attempt back lets go of it.

        Else the attempt and all texts it has read would stay until a full garbage collection finds them: one in a
        thousand replies or two.
        """
        self.gate = None
        self.channel.close()

    def check(self) -> None:
        """Raise Aborted if the attempt was aborted."""
        if self._abort:
            raise Aborted(self._abort)

    async def generate(self, engine: Engine, request: Request, most: int) -> Chunk:
        """Write the reply to its end, of ``most`` tokens in all attempts together, and return the engine's last chunk.

        Raises Aborted after ``abort``, Withheld when the gate shuts, EngineError when the engine fails.
        """
        self.tokens_before = self.tokens
        try:
            return await self._abortable(self._pump(engine, request, most))
        finally:
            self.ended_at = time.time()

    async def pause(self, seconds: float) -> None:
        """Do nothing for a while. Raises Aborted after ``abort``."""
        await self._abortable(asyncio.sleep(seconds))

    async def _abortable(self, work: Coroutine[Any, Any, R]) -> R:
        self._task = task = asyncio.ensure_future(work)
        if self._abort:
            task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            if self._abort is None:
                raise
            raise Aborted(self._abort) from None
        finally:
            self._task = None
            del task  # its error has this frame, which would have it in turn

    async def flush(self) -> None:
        """Release what the gate still holds, as at the end of a text. Raises Withheld when that may not be told."""
        if self.gate:
            self.gate.finish()
            await self._release(self.gate)

    async def count(self, engine: Engine, request: Request) -> None:
        """Let the engine count what was said so far, and say nothing more. Raises EngineError."""
        async with aclosing(engine.stream(request)) as chunks:
            async for chunk in chunks:
                self._count(chunk)
                self.tokens = chunk.prefix_tokens
                return

    async def _pump(self, engine: Engine, request: Request, most: int) -> Chunk:
        async with aclosing(engine.stream(request)) as chunks:
            async for chunk in chunks:
                self.check()  # a cancellation may be lost in a library: inference.cancelling says why
                self._count(chunk)
                for part, text in ((Part.REASONING, chunk.reasoning), (Part.TEXT, chunk.text)):
                    if text:
                        await self._hear(part, text)
                if chunk.finish:
                    return chunk
                if chunk.prefix_tokens and self.tokens >= most:
                    return replace(chunk, finish=Finish.LENGTH)
        raise EngineError("the stream ended without a finish", retry=True)

    def _count(self, chunk: Chunk) -> None:
        """What earlier attempts said counts as this attempt's engine reads it: they may have died before they saved."""
        generated = self.tokens - self.tokens_before
        COMPLETION_TOKENS.value += max(0, chunk.completion_tokens - generated)
        self.prompt_tokens = chunk.prompt_tokens - chunk.prefix_tokens
        self.tokens_before = chunk.prefix_tokens
        self.tokens = chunk.prefix_tokens + chunk.completion_tokens

    async def _hear(self, part: Part, text: str) -> None:
        if "\x00" in text:
            text = text.replace("\x00", "\N{REPLACEMENT CHARACTER}")  # PostgreSQL stores no NUL
        if self.gate is None:
            self._say(part, text)
            return
        self.gate.hear(part, text)
        await self._release(self.gate)

    async def _release(self, gate: Gate) -> None:
        for part, text in await gate.release():
            self._say(part, text)
        if gate.is_shut:
            raise Withheld

    def _say(self, part: Part, text: str) -> None:
        if self.first_text_at is None:
            self.first_text_at = time.time()
        if not self._has_text:
            self._measure(part)
        self._pieces[part].append(text)
        self.channel.append(part, text)

    def _measure(self, part: Part) -> None:
        if part is Part.REASONING:
            self._reasons_since = self._reasons_since or time.monotonic()
            return
        reasoned = self.reasoning_ms
        self._reasoned = None if reasoned is None else reasoned / 1000
        self._reasons_since = None
        self._has_text = True

    def _joined(self, part: Part) -> str:
        pieces = self._pieces[part]
        if len(pieces) > 1:
            pieces[:] = ["".join(pieces)]
        return pieces[0] if pieces else ""

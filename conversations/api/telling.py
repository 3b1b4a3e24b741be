"""A reply's frames as a program is told them: all at the end, or one by one."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from conversations.api import errors, wire
from conversations.api.answers import FIELDS, FINISHES, Body, ChatCompletion, Frame
from conversations.api.errors import ApiError
from conversations.api.exchange import Exchange

AGAIN = "The reply was begun again, and what was told of it no longer holds. Send the request again."


async def whole(exchange: Exchange, completion: ChatCompletion) -> Body:
    """The answer. Raises ApiError where the reply failed."""
    said = dict.fromkeys(FIELDS, "")
    end: Frame = {}
    try:
        async with aclosing(exchange.frames()) as frames:
            async for frame in frames:
                if frame["type"] in said:
                    said[frame["type"]] += frame["text"]
                elif _begins_again(frame):
                    said = {part: frame.get(part, "") for part in said}
                end = frame
        if end["type"] not in FINISHES:
            raise await _failure(exchange, end)
    finally:
        await exchange.close()
    return completion.whole(said, end)


async def stream(exchange: Exchange, completion: ChatCompletion) -> AsyncGenerator[bytes, None]:
    """The answer piece by piece; its last event may be an error.

    The first piece is empty and to be taken at once: one who goes away before a generator has begun ends nothing in it.
    """
    pieces = _Pieces(completion)
    try:
        yield b""
        async with aclosing(exchange.frames()) as frames:
            async for frame in frames:
                if frame["type"] == "failed":
                    yield wire.event((await _failure(exchange, frame)).body)
                elif told := pieces.of(frame):
                    yield told
                if pieces.is_over:
                    return
    finally:
        await exchange.close()


class _Pieces:
    """``is_over`` when what was told no longer holds: that cannot be taken back in this protocol."""

    def __init__(self, completion: ChatCompletion) -> None:
        self._completion = completion
        self._first = completion.first()
        self._has_told = False
        self.is_over = False

    def of(self, frame: Frame) -> bytes:
        kind = frame["type"]
        if kind in FIELDS:
            return self._told((kind, frame["text"]))
        if kind == "idle":
            return wire.STILL_HERE
        if kind in FINISHES:
            return self._told() + self._completion.last(frame)
        if not _begins_again(frame):
            return b""
        if self._has_told:
            self.is_over = True
            return wire.event(ApiError(500, AGAIN, kind=errors.FAULT, code="begun_again").body)
        said = [(part, frame[part]) for part in FIELDS if frame.get(part)]
        return self._told(*said) if said else b""

    def _told(self, *said: tuple[str, str]) -> bytes:
        first, self._first = self._first, b""
        self._has_told = self._has_told or bool(said)
        return first + b"".join(self._completion.more(*one) for one in said)


def _begins_again(frame: Frame) -> bool:
    """Whether what was told of the reply no longer holds; the frame has what does."""
    return bool(frame["type"] == "state" and frame["state"] != "continuing")


async def _failure(exchange: Exchange, end: Frame) -> ApiError:
    return errors.of_failure(await exchange.problem(), str(end["detail"]), exchange.asked.said_in)

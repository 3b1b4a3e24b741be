"""Answers as they go over the wire."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import orjson
from django.http import HttpResponse, StreamingHttpResponse


def as_json(body: dict[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """A whole answer."""
    return HttpResponse(orjson.dumps(body), content_type="application/json", status=status, headers=headers)


def event(body: dict[str, Any]) -> bytes:
    """One of a stream of server-sent events."""
    return b"data: %s\n\n" % orjson.dumps(body)


DONE = b"data: [DONE]\n\n"
STILL_HERE = b": waiting\n\n"  # a comment, which clients pass over


class Stream(StreamingHttpResponse):
    """Pieces of a generator, which ends with the response.

    Django leaves one that it could not read to its end to the garbage collector, which may take its time.
    """

    def __init__(self, pieces: AsyncGenerator[bytes, None], headers: Mapping[str, str]) -> None:
        super().__init__(pieces, content_type="text/event-stream", headers=headers)
        self._pieces = pieces
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        super().close()
        asyncio.run_coroutine_threadsafe(self._end(), self._loop)

    async def _end(self) -> None:
        await self._pieces.aclose()

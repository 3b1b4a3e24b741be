"""Reads server-sent events. A line ends at LF only: other separators, such as U+2028, may stand inside the JSON."""

import json
from collections.abc import AsyncIterator
from typing import Any

from inference.protocol import EngineError


class Events:
    """The JSON objects of a stream of bytes, one by one, up to ``[DONE]``."""

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source
        self._rest = b""

    async def next_event(self) -> dict[str, Any] | None:
        """The next object, None at the end. Raises EngineError for what is not JSON."""
        while True:
            line, end, rest = self._rest.partition(b"\n")
            if not end:
                piece = await anext(self._source, None)
                if piece is None:
                    return None
                self._rest += piece
                continue
            self._rest = rest
            if line.startswith(b"data:"):
                data = line[5:].strip()
                return None if data == b"[DONE]" else _parse(data)


def _parse(data: bytes) -> dict[str, Any]:
    try:
        event = json.loads(data)
    except ValueError as error:
        raise EngineError("The server sent an event that is not JSON.", retry=True) from error
    if not isinstance(event, dict):
        raise EngineError("The server sent an event that is not an object.", retry=True)
    return event

"""Brings what the generation loop's thread says to who waits for it on the event loop. Imported on first use."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from transformers.generation.continuous_batching.continuous_api import OutputRouter


class Router(OutputRouter):  # type: ignore[misc]  # seen as without types, installed or not
    """The library's own keeps what nobody waits for any more, prompts included, for ever."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.failure: Exception | None = None  # the last of a reply, or of all
        self._loop = loop
        self._waiting: dict[str, asyncio.Queue[Any]] = {}

    @contextmanager
    def expecting(self, name: str) -> Iterator["asyncio.Queue[Any]"]:
        """A queue of what is said of this request."""
        outputs = self._waiting[name] = asyncio.Queue()
        try:
            yield outputs
        finally:
            del self._waiting[name]

    def deliver(self, output: Any) -> None:
        self.deliver_batch([output])

    def deliver_batch(self, outputs: list[Any]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hand_over, outputs)

    def fail_and_deliver(self, state: Any, error: Exception) -> None:
        self.failure = error
        super().fail_and_deliver(state, error)

    def _hand_over(self, outputs: list[Any]) -> None:
        for output in outputs:
            if waiting := self._waiting.get(output.request_id):
                waiting.put_nowait(output)

"""One generation: llama.cpp calls back from a thread that it blocks; an asyncio consumer reads."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from inference.protocol import EngineDead, EngineError, Problem

Call = Callable[[dict[str, Any], Callable[[dict[str, Any]], bool]], None]
PROBLEMS = {
    "exceed_context_size_error": Problem.TOO_LONG,
    "invalid_request_error": Problem.BAD_REQUEST,
    "not_supported_error": Problem.UNSUPPORTED,
}


class Generation:
    """Runs one request in a thread. ``done`` is set when llama.cpp has let go of it."""

    def __init__(self, call: Call, body: dict[str, Any]) -> None:
        self._call = call
        self._body = body
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[dict[str, Any] | Exception | None] = asyncio.Queue()
        self._stopped = False
        self.done: asyncio.Future[None] | None = None

    def start(self, executor: Executor) -> "asyncio.Future[None]":
        """Begin; the future ends when the thread is free again."""
        self.done = self._loop.run_in_executor(executor, self._run)
        return self.done

    def stop(self) -> None:
        """Make llama.cpp give up at its next token or piece of the prompt."""
        self._stopped = True

    def fail(self, error: Exception) -> None:
        """Stop, and let the consumer get this error."""
        self.stop()
        self._queue.put_nowait(error)

    async def next_event(self) -> dict[str, Any] | None:
        """What llama.cpp sends next; None is its end. Raises EngineError."""
        event = await self._queue.get()
        if isinstance(event, Exception):
            raise event
        if event and "error" in event:
            raise _error(event["error"])
        return event

    def _run(self) -> None:
        try:
            self._call(self._body, self._receive)
        except RuntimeError as error:
            self._send(EngineDead(f"llama.cpp failed: {error}"))
        self._send(None)

    def _receive(self, event: dict[str, Any]) -> bool:
        """llama.cpp's callback: true ends the generation."""
        if not self._stopped:
            self._send(event)
        return self._stopped

    def _send(self, event: dict[str, Any] | Exception | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._queue.put_nowait, event)


def _error(error: dict[str, Any]) -> EngineError:
    problem = PROBLEMS.get(error.get("type", ""), Problem.FAILED)
    if problem is Problem.TOO_LONG:
        return EngineError("The conversation does not fit this model.", problem=problem)
    return EngineError(
        f"llama.cpp refused: {error.get('type')} {error.get('code')}.", problem=problem, retry=problem is Problem.FAILED
    )

"""A real OpenAI-compatible server on a loopback port, its replies made by the scripted engine."""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress
from typing import Any

import uvicorn

from inference.engines.scripted.engine import ScriptedEngine
from inference.model import Model
from inference.protocol import Chunk, EngineError, Prefix, Problem, Request, Sampling, Turn

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
JSON = [(b"content-type", b"application/json")]
SSE = [(b"content-type", b"text/event-stream")]


class App:
    """Two addresses of the API. ``refuse_with`` makes each request fail so; ``bodies`` keeps what was asked."""

    def __init__(self, model: Model) -> None:
        self.engine = ScriptedEngine(model)
        self.refuse_with: tuple[int, str] | None = None
        self.retry_after = ""  # a header of what it refuses
        self.break_after: int | None = None
        self.knows_new_name_only = False  # of max_tokens, as OpenAI's own server
        self.bodies: list[dict[str, Any]] = []

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == "/v1/models":
            await answer(send, 200, {"data": []})
            return
        body = b""
        while (part := await receive())["type"] == "http.request":
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        self.bodies.append(json.loads(body))
        if self.knows_new_name_only and "max_tokens" in self.bodies[-1]:
            message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            await answer(send, 400, {"error": {"message": message}})
            return
        if self.refuse_with:
            status, message = self.refuse_with
            more = [(b"retry-after", self.retry_after.encode())] if self.retry_after else []
            await answer(send, status, {"error": {"message": message}}, more)
            return
        await self._stream(self.bodies[-1], receive, send)

    async def _stream(self, body: dict[str, Any], receive: Receive, send: Send) -> None:
        current = asyncio.current_task()
        assert current

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            current.cancel()

        watcher = asyncio.create_task(watch())
        with suppress(asyncio.CancelledError):
            await self._speak(body, send)
        watcher.cancel()

    async def _speak(self, body: dict[str, Any], send: Send) -> None:
        started = False
        try:
            async with aclosing(self.engine.stream(request(body))) as chunks:
                number = 0
                async for chunk in chunks:
                    if not started:
                        await send({"type": "http.response.start", "status": 200, "headers": SSE})
                        started = True
                    if number == self.break_after:
                        raise RuntimeError("the server was told to break")
                    number += 1
                    for event in events(chunk):
                        await say(send, json.dumps(event, ensure_ascii=False), more=True)
            await say(send, "[DONE]")
        except EngineError as error:
            if started:
                await say(send, json.dumps({"error": {"message": str(error)}}))
                return
            long = error.problem is Problem.TOO_LONG
            message = "maximum context length exceeded" if long else "invalid"
            await answer(send, 400 if long or error.problem is Problem.BAD_REQUEST else 500, {"error": message})


def request(body: dict[str, Any]) -> Request:
    messages, prefix = body["messages"], Prefix()
    most = body["max_completion_tokens"] if "max_completion_tokens" in body else body["max_tokens"]
    if body.get("continue_final_message"):
        last = messages.pop()
        prefix = Prefix(last["content"], last.get("reasoning_content", ""))
    sampling = Sampling(most, body.get("temperature"), body.get("top_p"), tuple(body.get("stop", ())))
    return Request("1", tuple(Turn(message["role"], message["content"]) for message in messages), prefix, sampling)


def events(chunk: Chunk) -> Iterator[dict[str, Any]]:
    """As vLLM sends them: pieces, the finish, then the counts."""
    if chunk.text or chunk.reasoning:
        yield {"choices": [{"delta": {"content": chunk.text or None, "reasoning_content": chunk.reasoning or None}}]}
    if chunk.finish:
        yield {"choices": [{"delta": {}, "finish_reason": str(chunk.finish)}]}
        counts = {"prompt_tokens": chunk.prompt_tokens, "completion_tokens": chunk.completion_tokens}
        yield {"choices": [], "usage": counts}


async def say(send: Send, data: str, *, more: bool = False) -> None:
    await send({"type": "http.response.body", "body": f"data: {data}\n\n".encode(), "more_body": more})


async def answer(send: Send, status: int, body: Any, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [*JSON, *headers]})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


@contextmanager
def serving(app: App) -> Iterator[str]:
    """Run the server in a thread; yields its address."""
    config = uvicorn.Config(app, port=0, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = True
        thread.join()

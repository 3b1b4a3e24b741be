"""The engine seam for a server over HTTP. Closing a stream closes its response, at which the server gives up."""

import asyncio
import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx

from inference.engines import admission
from inference.engines.openai.answer import Answer
from inference.engines.openai.errors import NEW_NAME, RenamedError, TooLongError, from_status
from inference.engines.openai.sse import Events
from inference.model import Model
from inference.protocol import (
    REPLY_ROOM,
    Capabilities,
    Chunk,
    EngineDead,
    EngineError,
    Finish,
    Health,
    Request,
)

HEALTH_TIMEOUT = 0.8  # seconds
KEY = re.compile(r"[!-~]+")


class OpenAIEngine:
    """A model that another server serves."""

    def __init__(self, model: Model, weights: Path | None = None) -> None:
        del weights  # the server has them
        self._model = model
        options = model.options
        self._name: str = options["model"] or model.name
        self.capabilities = Capabilities(
            context_window=model.context_window,
            slots=model.slots,
            continues_prefix=options["continues_prefix"],
            reasoning=options["reasoning"],
        )
        self._slots = asyncio.Semaphore(model.slots)
        self._responses: set[httpx.Response] = set()
        self._client: httpx.AsyncClient | None = None
        self._most = "max_tokens"
        self._closed = ""

    async def start(self) -> None:
        self._client = httpx.AsyncClient(
            base_url=self._model.options["url"],
            headers=self._headers(),
            timeout=httpx.Timeout(self._model.options["timeout"], connect=10),
            limits=httpx.Limits(max_connections=self._model.slots + 1),
        )
        try:
            response = await self._client.get("models")
        except httpx.HTTPError as error:
            raise EngineError(f"{self._model.name}: no answer from {self._model.options['url']}: {error}") from error
        if response.status_code in {401, 403}:
            raise from_status(response.status_code, None)

    def _headers(self) -> dict[str, str]:
        file = self._model.options["key_file"]
        if not file:
            return {}
        try:
            key = Path(file).expanduser().read_text(encoding="ascii", errors="replace").strip()
        except OSError as error:
            raise EngineError(f"{self._model.name}: key_file {file} cannot be read: {error.strerror}") from error
        if not KEY.fullmatch(key):  # the HTTP library would refuse it with its words, and they go to the log
            raise EngineError(f"{self._model.name}: key_file {file} must hold an API key and nothing else: one word.")
        return {"Authorization": f"Bearer {key}"}

    async def health(self) -> Health:
        detail = self._closed
        if not detail:
            try:
                await self._alive().get("models", timeout=HEALTH_TIMEOUT)
            except (httpx.HTTPError, EngineError) as error:
                detail = f"The server does not answer: {type(error).__name__}."
        return Health(ready=not detail, detail=detail, running=len(self._responses))

    async def close(self) -> None:
        self._closed = "The engine was closed."
        for response in list(self._responses):
            await response.aclose()
        if self._client:
            await self._client.aclose()

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        self._alive()
        admission.check(request, self.capabilities)
        async with self._slots:
            response = None
            try:
                response = await self._open(request)
                self._responses.add(response)
                answer, events = Answer(request), Events(response.aiter_bytes())
                while not answer.finished:
                    if chunk := answer.take(await events.next_event()):
                        yield chunk
            except TooLongError as error:
                if not request.prefix:
                    raise
                # The conversation fitted when the reply began, so the reply has filled the window: that is its end.
                window = self.capabilities.context_window
                yield Chunk(finish=Finish.LENGTH, prompt_tokens=error.prompt_tokens or window)
            except httpx.HTTPError as error:
                raise self._broken(error) from error
            finally:
                if response:
                    self._responses.discard(response)
                    await response.aclose()

    async def _open(self, request: Request) -> httpx.Response:
        """The response, its body still to come. A server that counts max_tokens into the window is asked once more."""
        window = self.capabilities.context_window
        most = min(request.sampling.max_tokens, window - REPLY_ROOM)
        try:
            return await self._ask(request, most)
        except TooLongError as error:
            if error.prompt_tokens is None or not (most := admission.room(request, error.prompt_tokens, window)):
                raise
        return await self._ask(request, most)

    async def _ask(self, request: Request, most: int) -> httpx.Response:
        """A server that knows ``max_tokens`` by its newer name only, as OpenAI's own does, is asked by that from then
        on: others know the older one only."""
        name = self._most
        try:
            return await self._post(self._body(request, name, most), request.id)
        except RenamedError:
            if name == NEW_NAME:
                raise
            self._most = NEW_NAME
        return await self._post(self._body(request, NEW_NAME, most), request.id)

    async def _post(self, body: dict[str, Any], name: str) -> httpx.Response:
        client = self._alive()
        headers = {"X-Request-Id": name}  # so that the server's log names the reply too
        question = client.build_request("POST", "chat/completions", json=body, headers=headers)
        response = await client.send(question, stream=True)
        if response.status_code == 200:
            return response
        try:
            words = (await response.aread())[:100_000].decode(errors="replace")
        finally:
            await response.aclose()
        raise from_status(response.status_code, words, response.headers.get("Retry-After", ""))

    def _body(self, request: Request, name: str, most: int) -> dict[str, Any]:
        sampling, prefix = request.sampling, request.prefix
        messages = [{"role": turn.role, "content": turn.text} for turn in request.turns]
        values: dict[str, Any] = {
            "temperature": sampling.temperature if sampling.temperature is not None else self._model.temperature,
            "top_p": sampling.top_p if sampling.top_p is not None else self._model.top_p,
            "seed": sampling.seed,
            "stop": list(sampling.stop) or None,
            "reasoning_effort": request.effort if self.capabilities.reasoning else None,
        }
        if prefix:
            said = {"role": "assistant", "content": prefix.text}
            messages.append({**said, "reasoning_content": prefix.reasoning} if prefix.reasoning else said)
            values |= {"continue_final_message": True, "add_generation_prompt": False}
        return {
            "model": self._name,
            "messages": messages,
            name: most,
            "stream": True,
            "stream_options": {"include_usage": True},
            **{key: value for key, value in values.items() if value is not None},
        }

    def _alive(self) -> httpx.AsyncClient:
        if self._closed:
            raise EngineDead(self._closed)
        if self._client is None:
            raise EngineError("The engine is still starting.", retry=True)
        return self._client

    def _broken(self, error: httpx.HTTPError) -> EngineError:
        if self._closed:
            return EngineDead(self._closed)
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
            return EngineError("The server fell silent.", retry=True)
        return EngineDead(f"The connection to the server broke: {type(error).__name__}.")

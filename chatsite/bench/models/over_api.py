"""A program at the API of a site: ``POST /v1/chat/completions`` as a stream of events (docs/api.md)."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import orjson

from chatsite.bench.models.answer import Answer
from chatsite.bench.models.plan import Asked
from chatsite.bench.models.sides import ANSWER_S
from chatsite.bench.site import Site

API = "api"
PATH = "/v1/chat/completions"
_EVENT = "data: "
_LAST = "[DONE]"
_FINE = ("stop", "length")  # a reply that met its limit is as good: all sides have the same
_UNENDED = "it did not end"


class OverApi:
    """Programs of so many people, each with a key and a connection that is kept open, as client libraries keep it."""

    name = API

    def __init__(self, client: httpx.AsyncClient, keys: Sequence[str], model: str) -> None:
        self._client = client
        self._keys = keys
        self._model = model

    async def ask(self, asked: Asked, streams: int) -> list[Answer]:
        return await asyncio.gather(*(self._answer(asked, key) for key in self._keys[:streams]))

    async def _answer(self, asked: Asked, key: str) -> Answer:
        answer = Answer(fault=_UNENDED)
        headers = {"Authorization": f"Bearer {key}"}
        began = time.monotonic()
        try:
            async with self._client.stream("POST", PATH, json=self._request(asked), headers=headers) as response:
                if response.is_error:
                    answer.fault = f"refused with {response.status_code}"
                    return answer
                async for line in response.aiter_lines():
                    takes(answer, time.monotonic() - began, line)
        except httpx.HTTPError as error:
            answer.fault = type(error).__name__
        return answer

    def _request(self, asked: Asked) -> dict[str, Any]:
        return {
            "model": self._model,
            "messages": [{"role": "user", "content": asked.text}],
            "max_completion_tokens": asked.tokens,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }


def takes(answer: Answer, seconds: float, line: str) -> None:
    """The next line of a stream of events, which came so many seconds after the question."""
    if not line.startswith(_EVENT):
        return
    data = line[len(_EVENT) :]
    if data == _LAST:
        answer.end_s = seconds
        answer.fault = "" if answer.fault == _UNENDED else answer.fault
        return
    told = orjson.loads(data)
    if "error" in told:
        answer.fault = f"error: {told['error']['code']}"
    for choice in told.get("choices", ()):
        delta = choice["delta"]
        if delta.get("content") or delta.get("reasoning_content"):
            answer.came(seconds)
            answer.text += delta.get("content") or ""
        if (reason := choice["finish_reason"]) and reason not in _FINE:
            answer.fault = f"it ended with {reason}"
    if usage := told.get("usage"):
        answer.tokens, answer.prompt_tokens = usage["completion_tokens"], usage["prompt_tokens"]


@contextlib.asynccontextmanager
async def over_api(running: Site, people: int, model: str) -> AsyncIterator[OverApi]:
    """Programs of so many of a site's people, who ask for this model."""
    keys = await asyncio.to_thread(running.python, "chatsite.bench.people", "keys", str(people))
    base = f"http://127.0.0.1:{running.port}"
    async with httpx.AsyncClient(base_url=base, timeout=ANSWER_S, trust_env=False) as client:
        yield OverApi(client, keys, model)

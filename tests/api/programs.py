"""A person's program: it has a key, asks the API, and reads what comes."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from django.test import AsyncClient
from redis import Redis

from accounts import api_keys
from accounts.models import ApiKey, User
from conversations.api import standby
from tests.web import PATIENCE_S, Web
from tests.worker.test_presence import speak
from tests.workers import Hire, Hired

CHAT = "/v1/chat/completions"
MODEL = "scripted"

Body = dict[str, Any]


def question(text: str = "Hello?", **more: Any) -> Body:
    """A request with one message."""
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **more}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def error(self) -> Any:
        assert self.json.keys() == {"error"}
        assert self.json["error"].keys() == {"message", "type", "param", "code"}
        return self.json["error"]

    @property
    def said(self) -> str:
        return str(self.json["choices"][0]["message"]["content"])

    @property
    def events(self) -> list[Any]:
        """Those of a stream, but its end: ``[DONE]`` or an error."""
        assert self.headers["Content-Type"] == "text/event-stream"
        blocks = [block for block in self.body.decode().split("\n\n") if block and not block.startswith(":")]
        assert all(block.startswith("data: ") for block in blocks), blocks
        found = [block[6:] for block in blocks]
        if found[-1] == "[DONE]":
            found.pop()
        return [orjson.loads(one) for one in found]

    @property
    def is_done(self) -> bool:
        return self.body.endswith(b"data: [DONE]\n\n")

    def told(self, field: str = "content") -> str:
        """The text of a stream."""
        deltas = [one["choices"][0]["delta"] for one in self.events if one.get("choices")]
        return "".join(delta.get(field, "") for delta in deltas)


class Program:
    """``ask`` waits for the whole answer, ``begin`` does not."""

    def __init__(self, web: Web, secret: str, **headers: str) -> None:
        self._web = web
        self.headers = ({"Authorization": f"Bearer {secret}"} if secret else {}) | headers
        self._client = AsyncClient(raise_request_exception=False)

    def get(self, path: str, **headers: str) -> Answer:
        return self.begin(path, None, "get", **headers).result(PATIENCE_S)

    def ask(self, body: Any, path: str = CHAT, **headers: str) -> Answer:
        return self.begin(path, body, **headers).result(PATIENCE_S)

    def begin(self, path: str, body: Any, method: str = "post", **headers: str) -> "Future[Answer]":
        return asyncio.run_coroutine_threadsafe(self._ask(path, body, method, headers), self._web.loop)

    async def _ask(self, path: str, body: Any, method: str, headers: dict[str, str]) -> Answer:
        content_type = headers.pop("Content-Type", "application/json")
        said: dict[str, Any] = {"headers": self.headers | headers}
        if method == "post":
            said |= {"data": body if isinstance(body, bytes) else orjson.dumps(body), "content_type": content_type}
        response: Any = await getattr(self._client, method)(path, **said)
        chunks = [chunk async for chunk in response] if response.streaming else [response.content]
        return Answer(response.status_code, dict(response.headers), b"".join(chunks))


NewProgram = Callable[..., Program]


def key_of(user: User, **more: Any) -> tuple[ApiKey, str]:
    """A key that may do everything."""
    return api_keys.create(user, more.pop("name", "A program"), **{"scopes": ApiKey.Scope.values, **more})


@pytest.fixture
def program(web: Web) -> NewProgram:
    """Makes programs: ``program(alice, saves=True)``; the rest is of the key."""

    def make(user: User | None, **more: Any) -> Program:
        return Program(web, key_of(user, **more)[1] if user else "")

    return make


@pytest.fixture
def engine_there(empty_redis: Redis) -> Iterator[None]:
    """A worker said that it is ready, once for the whole test. It takes nothing."""
    speak(model=MODEL)
    empty_redis.persist("engine:one")
    yield
    standby.forget()


@pytest.fixture
def at_work(hire: Hire, monkeypatch: pytest.MonkeyPatch, engine_there: None) -> Callable[..., Hired]:
    """Starts a worker that gets a ticket for each message, as over Celery."""

    def start(**options: Any) -> Hired:
        hired = hire(**options)
        monkeypatch.setattr("conversations.services.queue_ticket", lambda model, **more: hired.ticket(**more))
        return hired

    return start

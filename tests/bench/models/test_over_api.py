"""A reply over the API, read from its stream of events."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from chatsite.bench.models.answer import Answer
from chatsite.bench.models.over_api import OverApi
from chatsite.bench.models.plan import Asked

KEYS = ["one", "two"]
USAGE = {"prompt_tokens": 9, "completion_tokens": 3}


def chunk(finish: str | None = None, **delta: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def events(*told: dict[str, Any], ends: bool = True) -> str:
    lines = [": waiting", *(f"data: {json.dumps(one)}" for one in told), *(["data: [DONE]"] if ends else [])]
    return "\n\n".join(lines) + "\n\n"


class Api:
    """What a site would answer, and what it was asked."""

    def __init__(self, body: str, status: int = 200) -> None:
        self.requests: list[dict[str, Any]] = []
        self._answer = (status, body)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(
            {"path": request.url.path, "key": request.headers["Authorization"], **json.loads(request.content)}
        )
        return httpx.Response(self._answer[0], text=self._answer[1])

    async def ask(self, streams: int = 1) -> list[Answer]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(self), base_url="http://site") as client:
            return await OverApi(client, KEYS, "quick").ask(Asked("Hello?", 3), streams)


async def test_a_reply_is_timed_and_counted() -> None:
    api = Api(events(chunk(role="assistant"), chunk(reasoning_content="Hm."), chunk(content="Hel"), chunk(content="lo"),
                     chunk("stop"), {"choices": [], "usage": USAGE}))  # fmt: skip
    first, second = await api.ask(2)
    assert (first.text, first.tokens, first.prompt_tokens, first.fault) == ("Hello", 3, 9, "")
    assert 0 < first.first_s <= first.last_s <= first.end_s
    assert second.text == "Hello"
    [asked, other] = api.requests
    assert {asked["key"], other["key"]} == {"Bearer one", "Bearer two"}
    assert (asked["path"], asked["model"]) == ("/v1/chat/completions", "quick")
    assert (asked["messages"], asked["max_completion_tokens"]) == ([{"role": "user", "content": "Hello?"}], 3)
    assert (asked["temperature"], asked["stream"], asked["stream_options"]) == (0, True, {"include_usage": True})


@pytest.mark.parametrize(
    ("body", "status", "fault"),
    [
        (events(chunk("length", content="Hel")), 200, ""),
        (events(chunk("content_filter", content="Hel")), 200, "it ended with content_filter"),
        (events(chunk("stop", content="Hel"), ends=False), 200, "it did not end"),
        (events(chunk(content="Hel"), {"error": {"code": "begun_again"}}, ends=False), 200, "error: begun_again"),
        (json.dumps({"error": {"code": "rate_limit_exceeded"}}), 429, "refused with 429"),
    ],
)
async def test_what_does_not_count_says_why(body: str, status: int, fault: str) -> None:
    [answer] = await Api(body, status).ask()
    assert answer.fault == fault


async def test_a_site_that_is_away_is_a_fault() -> None:
    async with httpx.AsyncClient(base_url="http://127.0.0.1:9", trust_env=False) as client:
        [answer] = await asyncio.wait_for(OverApi(client, KEYS, "quick").ask(Asked("Hello?", 3), 1), 10)
    assert answer.fault == "ConnectError"

"""Requests to the whole ASGI application, byte for byte as a server hands them on: no test client puts them right."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chatsite.asgi import application

Pairs = Sequence[tuple[str, str]]
HERE: Pairs = (("host", "localhost"),)


@dataclass(frozen=True)
class Answer:
    status: int
    lines: list[tuple[str, str]]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.lines)


async def ask(
    path: str,
    method: str = "GET",
    *,
    headers: Pairs = (),
    body: Sequence[bytes] = (b"",),
    client: str = "127.0.0.1",
    app: Any = application,
    host: Pairs = HERE,
    query: str = "",
) -> Answer:
    """``body`` comes in these pieces; after them the client waits. None among them: nothing more comes."""
    pieces, events, gone = list(body), [], asyncio.Event()

    async def receive() -> dict[str, Any]:
        if not pieces or pieces[0] is None:
            await gone.wait()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(event: dict[str, Any]) -> None:
        events.append(event)
        if event["type"] == "http.response.body" and not event.get("more_body"):
            gone.set()

    await app(scope(path, method, headers=(*host, *headers), client=client, query=query), receive, send)
    lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in events[0]["headers"]]
    return Answer(events[0]["status"], lines, b"".join(event.get("body", b"") for event in events[1:]))


def scope(
    path: str, method: str = "GET", *, headers: Pairs = HERE, client: str = "", query: str = ""
) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        "client": (client, 1234),
        "server": ("127.0.0.1", 8000),
    }

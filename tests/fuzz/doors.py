"""The doors that are tried, as people and programs come through them: the socket, the pages' addresses, the API."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
from django.urls import URLPattern, URLResolver, get_resolver
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.hostile.doors import ACCOUNT, CHAT
from tests.sites import Site

MAKE_A_KEY = """
from accounts import api_keys
from accounts.models import User
print(api_keys.create(User.objects.get(), "fuzz", scopes=["chat", "models"])[1])
"""
PATIENCE_S = 120  # of a machine that has much else to do: a worker that is stuck is stuck for longer
LEADS_OUT = {"account_logout", "api_keys_revoke", "api_key_revoke", "account_change_password"}
ARGUMENT = re.compile(r"<(?:(\w+):)?\w+>")
FRAMES_A_SOCKET = 18  # then another is opened: each has a pace to keep
ORDERLY = {1000, 1001, 1003, 1007, 1009, 4401, 4429}  # codes with which a socket may be closed


class WrongError(AssertionError):
    """What must not be: a fault of the server's, or no answer."""


@dataclass
class Visitor:
    """The administrator of a site, signed in, and the ids of what is theirs."""

    site: Site
    ids: tuple[UUID, ...] = ()
    http: httpx.Client = field(init=False)
    key: str = ""
    _socket: ClientConnection | None = None
    _said: int = 0

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.site.url, timeout=PATIENCE_S)
        self.http.get("/accounts/login/")
        who = {"login": self.site.admin, "password": self.site.password}
        assert self._post("/accounts/login/", data=who).status_code == 302
        self.key = self.site.manage("shell", "-c", MAKE_A_KEY).split()[-1]
        sent = self.send("Hello @tokens=3")
        self.ids = (UUID(sent["conversation"]["id"]), UUID(sent["message"]), UUID(sent["reply"]))

    def _post(self, path: str, **more: Any) -> httpx.Response:
        token = {"X-CSRFToken": self.http.cookies["csrftoken"]}
        return self.http.post(path, headers={**token, **more.pop("headers", {})}, **more)

    def send(self, text: str) -> dict[str, Any]:
        """A message, to the end of its reply: the whole way round still works."""
        said = {"type": "send", "client_id": str(uuid4()), "text": text}
        sent: dict[str, Any] = self._post("/messages/", json=said).json()
        events = self.http.get(f"/replies/{sent['reply']}/events").text
        if '"done"' not in events and '"cut"' not in events:
            raise WrongError(f"a usual message has no reply: {events[-500:]}")
        return sent

    def page(self, path: str, method: str, said: dict[str, Any], kind: str) -> int:
        """Through an address of the pages. Raises WrongError."""
        texts = {_sendable(name): _sendable(value) for name, value in said.items()}
        if method == "GET":
            answer = self.http.get(path, params=texts)
        elif kind == "json":
            content = json.dumps(said).encode()
            answer = self._post(path, content=content, headers={"Content-Type": "application/json"})
        else:
            answer = self._post(path, data=texts)
        return _checked(answer)

    def call(self, said: Any) -> int:
        """Through the API. Raises WrongError."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        content = said if isinstance(said, bytes) else json.dumps(said).encode()
        path = "/v1/completions" if isinstance(said, dict) and "prompt" in said else "/v1/chat/completions"
        with httpx.Client(base_url=self.site.url, timeout=PATIENCE_S) as program:
            status = _checked(program.post(path, content=content, headers=headers))
        if status == httpx.codes.UNAUTHORIZED:
            raise WrongError("the key is not taken any more: nothing behind it is tried")
        return status

    def say(self, text: str) -> None:
        """A frame, and a ping after it that must be answered. Raises WrongError."""
        try:
            socket = self._open()
            self._said += 1
            socket.send(text)
            socket.send('{"type": "ping"}')
            while (answer := json.loads(socket.recv(PATIENCE_S)))["type"] != "pong":
                if answer.get("code") == "unavailable":
                    raise WrongError(f"a frame failed: {answer}")
        except ConnectionClosed as closed:
            self._socket = None
            if closed.rcvd is None or closed.rcvd.code not in ORDERLY:
                raise WrongError(f"the socket was closed: {closed}") from closed

    def _open(self) -> ClientConnection:
        if self._socket is None or self._said >= FRAMES_A_SOCKET:
            self.close()
            cookie = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
            where = self.site.url.replace("http", "ws") + "/ws/"
            origin: Any = self.site.url
            self._socket = connect(
                where, origin=origin, additional_headers={"Cookie": cookie}, open_timeout=PATIENCE_S, max_size=None
            )
            self._said = 0
        return self._socket

    def close(self) -> None:
        if self._socket is not None:
            with suppress(ConnectionClosed, OSError):
                self._socket.close()
            self._socket = None


def _sendable(value: Any) -> str:
    """As text that can be written as UTF-8."""
    return str(value).encode("utf-8", "replace").decode()


def _checked(answer: httpx.Response) -> int:
    if answer.status_code >= 500:
        raise WrongError(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:500]}")
    return answer.status_code


def addresses(ids: tuple[UUID, ...]) -> dict[str, str]:
    """Of the doors that do not lead out: with an id in them that is there, where they take one."""
    wanted = (CHAT.keys() | ACCOUNT.keys()) - LEADS_OUT
    return {name: "/" + _filled(route, ids) for name, route in _routes(get_resolver()) if name in wanted}


def _routes(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield pattern.name or "", route
        elif not pattern.namespace:
            yield from _routes(pattern, route)


def _filled(route: str, ids: tuple[UUID, ...]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] == "uuid":
            conversation, message, reply = ids
            return str(reply if "replies/" in route else message if "messages/" in route else conversation)
        return {"int": "1"}.get(found[1], "x")

    return ARGUMENT.sub(value, route)

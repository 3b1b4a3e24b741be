"""How much a request may bring, and how long it may take: Django itself keeps whatever comes, before it looks at it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from importlib import import_module
from io import BytesIO
from typing import Any

import orjson
from django.conf import settings
from django.contrib.auth import get_user
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError

from accounts import api_keys
from accounts.models import ApiKey
from conversations.api import apart
from conversations.database import in_database

PATIENCE_S = 30.0  # for the first of a body, and the rest, if it does not fall below:
LEAST_RATE = 8_000  # bytes a second
PASSED_OVER = 16 << 20  # bytes of what is refused that are still read: a client, or a proxy, that sends hears no answer


class _Refused(Exception):  # noqa: N818 - an answer to a client, not a fault
    def __init__(self, status: int, detail: str, code: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


class BoundedBodies:
    """Answers 413 to a body of more bytes than ``settings.LARGEST_BODIES`` allows, and 408 to one that dawdles.

    Of a stranger, or a program without a key for it, nowhere more than usual is taken: Django would keep a file of
    theirs on the disk, twice, before any view, or the check for forged forms, can refuse it. Of a member one at a time
    in each web process: 429 to another.
    """

    def __init__(self, application: Any) -> None:
        self.application = application
        self._bringing = set[int]()  # who has a large body under way

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        most, who = await _allowed(scope)
        body = _Body(receive, most)
        try:
            size = body.check_length(scope)
            is_small = size is not None and size <= settings.LARGEST_BODIES["/"]
            with nullcontext() if who is None or is_small else self._turn(who):
                await self.application(scope, body, send)
        except _Refused as no:
            await body.pass_over()
            await _answer(send, no)

    @contextmanager
    def _turn(self, who: int) -> Iterator[None]:
        if who in self._bringing:
            raise _Refused(429, "A file of yours is on its way already. Wait until it is there.", "upload_under_way")
        self._bringing.add(who)
        try:
            yield
        finally:
            self._bringing.discard(who)


class _Body:
    """The body as the application reads it."""

    def __init__(self, receive: Any, most: int) -> None:
        self._receive = receive
        self._most = most
        self._began = asyncio.get_running_loop().time()
        self._came = 0
        self._is_whole = False

    def check_length(self, scope: Any) -> int | None:
        """How long it says it is. Raises _Refused."""
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit():
                self._check(int(value))
                return int(value)
        return None

    async def pass_over(self) -> None:
        """Read the rest and keep nothing of it, unless it is very much or comes slowly."""
        with suppress(_Refused):
            self._most = PASSED_OVER
            while not self._is_whole and (await self())["type"] == "http.request":
                pass

    async def __call__(self) -> Any:
        if self._is_whole:  # what comes now is that the client went away
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._began + PATIENCE_S + self._came / LEAST_RATE):
                event = await self._receive()
        except TimeoutError:
            detail = f"The body comes too slowly: {LEAST_RATE} bytes a second are needed."
            raise _Refused(408, detail, "body_too_slow") from None
        if event["type"] == "http.request":
            self._came += len(event.get("body", b""))
            self._is_whole = not event.get("more_body", False)
            self._check(self._came)
        return event

    def _check(self, size: int) -> None:
        if size > self._most:
            detail = f"The body has more than the {self._most} bytes that are allowed."
            raise _Refused(413, detail, "body_too_large")


async def _allowed(scope: Any) -> tuple[int, int | None]:
    """How many bytes, and to whom where that is more than usual. The longest beginning of an address that is in the
    table decides."""
    table: dict[str, int] = settings.LARGEST_BODIES
    most = table[max((prefix for prefix in table if scope["path"].startswith(prefix)), key=len)]
    if most <= table["/"]:
        return most, None
    try:
        who = await in_database(_who_brings, scope) if scope["method"] == "POST" else None
    except DatabaseError:  # it is away: there is nobody to bring a file to
        who = None
    return (table["/"], None) if who is None else (most, who)


def _who_brings(scope: Any) -> int | None:
    """A person by their session; where programs ask, one with a key for it."""
    request = ASGIRequest(scope, BytesIO())
    if request.path_info.startswith(f"{apart.ROOT}/"):
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        found = api_keys.authenticate(secret.strip()) if kind.lower() == "bearer" else None
        return found.user_id if found and found.allows(ApiKey.Scope.IMPORTS) else None
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    return get_user(request).pk if key else None


async def _answer(send: Any, no: _Refused) -> None:
    """In the shape of the API's errors, for people and programs alike. The connection ends."""
    body = orjson.dumps(
        {"error": {"message": str(no), "type": "invalid_request_error", "param": None, "code": no.code}}
    )
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode("ascii")),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": no.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

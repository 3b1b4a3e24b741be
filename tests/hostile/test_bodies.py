"""Too much, too slowly, without an end: refused before it is kept anywhere, with an error that says what is allowed."""

from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import AsyncClient
from pytest_django import Settings

from accounts import api_keys
from accounts.models import User
from chatsite import bodies
from chatsite.bodies import BoundedBodies
from tests.hostile.wire import Answer, ask

HERE = "/somewhere/"


class Reads:
    """An application that reads its body to the end, as Django does, and answers with how much it was."""

    def __init__(self) -> None:
        self.read = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            event = await receive()
            self.read += len(event["body"])
            more = event["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"%d" % self.read})


async def post(
    *body: Any,
    path: str = HERE,
    length: str = "",
    reads: Reads | None = None,
    cookie: str = "",
    key: str = "",
    method: str = "POST",
) -> Answer:
    said = {"content-length": length, "cookie": cookie, "authorization": key}
    headers = [one for one in said.items() if one[1]]
    return await ask(path, method, headers=headers, body=body, app=BoundedBodies(reads or Reads()))


@pytest.fixture(autouse=True)
def small(settings: Settings) -> None:
    settings.LARGEST_BODIES = {"/": 1000, "/files/": 5000}


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, orjson.loads(answer.body)["error"]["code"]


async def test_what_fits_is_read() -> None:
    assert (await post(b"x" * 600, b"x" * 400)).body == b"1000"


async def test_one_byte_more_is_refused_as_soon_as_it_is_there() -> None:
    reads = Reads()
    answer = await post(b"x" * 600, b"x" * 401, b"x" * 10_000, reads=reads)
    assert code(answer) == (413, "body_too_large")
    assert b"1000 bytes" in answer.body
    assert answer.headers["connection"] == "close"
    assert reads.read == 600


async def test_a_length_that_is_too_much_is_refused_unread() -> None:
    reads = Reads()
    assert code(await post(b"x", length="1001", reads=reads)) == (413, "body_too_large")
    assert reads.read == 0
    assert (await post(b"x" * 1000, length="1000")).status == 200


async def test_a_length_that_lies_helps_nobody() -> None:
    assert code(await post(b"x" * 1001, length="1")) == (413, "body_too_large")


@pytest.fixture
async def cookie(alice: User) -> str:
    """With which she is signed in."""
    client = AsyncClient()
    await client.aforce_login(alice)
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_connections_left")
async def test_where_files_are_taken_more_is_allowed(cookie: str) -> None:
    assert (await post(b"x" * 5000, path="/files/new/", cookie=cookie)).body == b"5000"
    assert code(await post(b"x" * 5001, path="/files/new/", cookie=cookie)) == (413, "body_too_large")
    assert code(await post(b"x" * 1001, path=HERE, cookie=cookie)) == (413, "body_too_large")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_connections_left")
async def test_a_strangers_file_is_no_larger_than_anything_else(cookie: str) -> None:
    """Nor is what comes with another method: no file is taken that way."""
    for who in ("", "sessionid=made-up", f"{settings.CSRF_COOKIE_NAME}=x"):
        reads = Reads()
        assert code(await post(b"x" * 1001, path="/files/new/", cookie=who, reads=reads)) == (413, "body_too_large")
        assert reads.read == 0
        assert (await post(b"x" * 1000, path="/files/new/", cookie=who)).body == b"1000"
    assert code(await post(b"x" * 1001, path="/files/new/", cookie=cookie, method="GET"))[0] == 413


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_connections_left")
async def test_programs_bring_files_with_a_key_for_it(alice: User, cookie: str, settings: Settings) -> None:
    settings.LARGEST_BODIES |= {"/v1/imports": 5000}

    def keyed(*scopes: str) -> str:
        return f"Bearer {api_keys.create(alice, 'A program', scopes=scopes)[1]}"

    large: dict[str, Any] = {"path": "/v1/imports", "cookie": cookie}
    for key in ("", "Bearer cs-made-up", await sync_to_async(keyed)("chat", "exports")):
        assert code(await post(b"x" * 1001, key=key, **large)) == (413, "body_too_large")
    mine = await sync_to_async(keyed)("imports")
    assert (await post(b"x" * 5000, key=mine, **large)).body == b"5000"
    assert code(await post(b"x" * 1001, path="/files/new/", key=mine)) == (413, "body_too_large")


async def test_who_sends_nothing_more_is_answered_and_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE_S", 0.01)
    answer = await post(b"x", None)
    assert code(answer) == (408, "body_too_slow")
    assert b"bytes a second" in answer.body


async def test_a_client_that_waits_for_a_long_answer_is_no_dawdler(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its body a request may last: a stream of events does."""
    monkeypatch.setattr(bodies, "PATIENCE_S", 0.0)

    async def streams(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["more_body"] is False
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"event"})
        assert (await receive())["type"] == "http.disconnect"

    assert (await ask(HERE, app=BoundedBodies(streams))).body == b"event"


def test_the_real_table_covers_every_address() -> None:
    table: dict[str, int] = settings.LARGEST_BODIES
    assert "/" in table

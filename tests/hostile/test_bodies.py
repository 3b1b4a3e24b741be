"""Too much, too slowly, without an end: refused before it is kept anywhere, with an error that says what is allowed."""

import asyncio
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import AsyncClient
from django.urls import reverse
from pytest_django import Settings

from accounts import api_keys
from accounts.models import User
from chatsite import bodies
from chatsite.bodies import BoundedBodies
from moderation import word_lists
from tests.hostile.test_every_door import ALL, ARGUMENT
from tests.hostile.wire import Answer, ask

HERE = "/somewhere/"
REAL: dict[str, int] = settings.LARGEST_BODIES
PATHS = ["/" + ARGUMENT.sub("1", door.route) for door in ALL]
TAKERS = {  # of each module that takes a file: where it comes, and how large it may be
    "console/word_list_pages.py": (reverse("admin:moderation_rule_import", args=[1]), word_lists.MOST_BYTES),
    "exports/api/brought.py": ("/v1/imports", settings.IMPORT_MB << 20),
    "exports/imports/views.py": (reverse("imports"), settings.IMPORT_MB << 20),
}


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


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_connections_left")
async def test_a_member_brings_one_file_at_a_time(cookie: str, bob: User) -> None:
    other = AsyncClient()
    await other.aforce_login(bob)
    began, ends = asyncio.Event(), asyncio.Event()

    async def keeps(scope: Any, receive: Any, send: Any) -> None:
        if not began.is_set():
            began.set()
            await ends.wait()
        await Reads()(scope, receive, send)

    site = BoundedBodies(keeps)

    async def bring(who: str, length: int = 5000, *, said: bool = True, path: str = "/files/new/") -> Answer:
        headers = [("cookie", who), *([("content-length", str(length))] if said else [])]
        return await ask(path, "POST", headers=headers, body=[b"x" * length], app=site)

    first = asyncio.create_task(bring(cookie))
    await began.wait()
    for said in (True, False):
        refused = await bring(cookie, said=said)
        assert code(refused) == (429, "upload_under_way")
        assert b"Wait until it is there" in refused.body
    assert (await bring(cookie, 1000)).status == 200  # what is no file goes on
    assert (await bring(cookie, 1000, path=HERE, said=False)).status == 200
    assert (await bring(f"sessionid={other.cookies['sessionid'].value}")).body == b"5000"
    ends.set()
    assert (await first).body == b"5000"
    assert (await bring(cookie)).body == b"5000"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_connections_left")
async def test_who_is_refused_or_goes_away_may_bring_the_next(cookie: str) -> None:
    site = BoundedBodies(Reads())
    headers = [("cookie", cookie)]
    assert code(await ask("/files/", "POST", headers=headers, body=[b"x" * 5001], app=site))[0] == 413
    assert (await ask("/files/", "POST", headers=headers, body=[b"x" * 5000], app=site)).body == b"5000"


def takers() -> set[str]:
    """The modules of ours that take files."""
    folders = ("accounts", "console", "conversations", "exports", "moderation", "retention")
    files = [file for folder in folders for file in (settings.BASE_DIR / folder).rglob("*.py")]
    return {str(file.relative_to(settings.BASE_DIR)) for file in files if ".FILES" in file.read_text()}


def test_each_door_that_takes_files_is_known() -> None:
    assert takers() == TAKERS.keys()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_connections_left")
@pytest.mark.parametrize("taker", TAKERS)
async def test_where_a_file_is_taken_the_largest_that_is_allowed_comes_in(
    settings: Settings, cookie: str, alice: User, taker: str
) -> None:
    settings.LARGEST_BODIES = REAL
    path, largest = TAKERS[taker]
    _, secret = await sync_to_async(api_keys.create)(alice, "A program", scopes=["imports"])
    form = 100_000  # bytes of the other fields
    for length, status in ((largest + form, 200), (2 * largest, 413)):
        sent = await post(b"x", path=path, cookie=cookie, key=f"Bearer {secret}", length=str(length))
        assert sent.status == status  # the one lets people in, the other programs
    assert (await post(b"x", path=path, length=str(largest))).status == 413  # a stranger's


async def test_everywhere_else_no_more_than_django_itself_takes(settings: Settings) -> None:
    settings.LARGEST_BODIES = REAL
    taking = tuple(prefix for prefix, most in REAL.items() if most > REAL["/"])
    assert len(taking) == len(TAKERS)
    assert REAL["/"] == settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    for path in PATHS:
        if not path.startswith(taking):
            assert (await post(b"x", path=path, length=str(REAL["/"] + 1))).status == 413, path


def test_each_beginning_in_the_real_table_is_of_a_door() -> None:
    assert [prefix for prefix in REAL if not any(path.startswith(prefix) for path in PATHS)] == []

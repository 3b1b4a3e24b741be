"""Styles and scripts: what is collected is answered in front of Django, and nothing else is."""

from pathlib import Path
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from chatsite.static_files import StaticFiles

NAME = "/static/css/page.0123456789ab.css"
PLAIN = "/static/css/plain.css"  # no hash in its name: a browser asks again
STYLE = b"body { color: red }"


@pytest.fixture
def files(settings: Any, tmp_path: Path) -> StaticFiles:
    settings.STATIC_ROOT, settings.STATIC_URL = tmp_path, "/static/"
    (tmp_path / "css").mkdir()
    for name in (NAME, PLAIN):
        (tmp_path / name.removeprefix("/static/")).write_bytes(STYLE)

    async def beyond(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return StaticFiles(beyond)


async def asked(
    files: StaticFiles, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": told}
    talk: Any = ApplicationCommunicator(files, scope)  # type: ignore[no-untyped-call]  # the library has no types
    await talk.send_input({"type": "http.request", "body": b""})
    start, body = await talk.receive_output(30), await talk.receive_output(30)
    await talk.wait(30)
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body["body"]


async def test_a_file_is_kept_for_ever_and_never_sniffed(files: StaticFiles) -> None:
    status, headers, body = await asked(files, NAME)
    assert (status, body) == (200, STYLE)
    assert "immutable" in headers["cache-control"]
    assert (headers["content-type"], headers["x-content-type-options"]) == ('text/css; charset="utf-8"', "nosniff")
    assert "access-control-allow-origin" not in headers


async def test_who_has_it_or_asks_less_gets_less(files: StaticFiles) -> None:
    _, headers, _ = await asked(files, PLAIN)
    assert (await asked(files, PLAIN, if_none_match=headers["etag"]))[::2] == (304, b"")
    assert not {"etag", "last-modified"} & (await asked(files, NAME))[1].keys()
    assert (await asked(files, NAME, "HEAD"))[::2] == (200, b"")
    assert (await asked(files, NAME, "POST"))[0] == 405
    assert (await asked(files, NAME, range="bytes=0-3"))[::2] == (206, STYLE[:4])


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/static/",
        "/static/css/page.css",
        "/static/css/../css/page.0123456789ab.css",
        "/static/css/page.0123456789ab%2ecss",
    ],
)
async def test_what_is_not_there_is_for_django(files: StaticFiles, path: str) -> None:
    assert {(await asked(files, path, method))[0] for method in ("GET", "HEAD")} == {299}

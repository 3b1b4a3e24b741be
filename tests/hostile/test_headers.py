"""Each answer says what browsers must keep to, whoever made it."""

from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from pytest_django import Settings

from chatsite.headers import SafeHeaders, hsts
from chatsite.static_files import StaticFiles
from tests.hostile.wire import ask

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model", "no_connections_left")]

ALWAYS = {
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
}
ANSWERS = [
    ("/accounts/login/", "GET", 200),
    ("/nowhere/", "GET", 404),
    ("/static/css/not-there.css", "GET", 404),
    ("/", "GET", 302),
    ("/accounts/login/", "POST", 403),  # without the token
    ("/healthz", "GET", 200),
    ("/sw.js", "GET", 200),
    ("/v1/models", "GET", 401),
    ("/v1/nothing", "GET", 404),
    ("/csp-reports", "GET", 405),
]


@pytest.mark.parametrize(("path", "method", "status"), ANSWERS)
async def test_each_answer_has_them_once(path: str, method: str, status: int) -> None:
    answer = await ask(path, method)
    assert answer.status == status
    names = [name.lower() for name, _ in answer.lines if name.lower() != "set-cookie"]
    assert set(names) >= ALWAYS
    assert len(names) == len(set(names))
    headers = {name.lower(): value for name, value in answer.lines}
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "report-uri /csp-reports" in headers["content-security-policy"]


async def test_a_wrong_host_too() -> None:
    answer = await ask("/accounts/login/", host=(("host", "evil.example"),))
    assert answer.status == 400
    assert {name.lower() for name, _ in answer.lines} >= ALWAYS


async def test_a_failure_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any, **more: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("chatsite.installed.render_to_string", fail)
    answer = await ask("/offline/")
    assert answer.status == 500
    assert b"a fault of ours" not in answer.body
    assert {name.lower() for name, _ in answer.lines} >= ALWAYS


async def test_https_is_remembered_for_a_year(settings: Settings) -> None:
    assert hsts() == ()
    settings.SECURE_HSTS_SECONDS = 31_536_000

    async def answers(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    assert (await ask("/", app=SafeHeaders(answers))).headers["strict-transport-security"] == "max-age=31536000"


@pytest.fixture
def files() -> Any:
    picture, style = settings.STATIC_ROOT / "a.svg", settings.STATIC_ROOT / "a.css"
    picture.write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    style.write_text("a { color: red }")
    with override_settings(SECURE_HSTS_SECONDS=60):
        yield StaticFiles(None)
    picture.unlink()
    style.unlink()


async def test_files_are_ours_alone_and_pictures_run_nothing(files: Any) -> None:
    with override_settings(SECURE_HSTS_SECONDS=60):
        picture = (await ask("/static/a.svg", app=files)).headers
        style = (await ask("/static/a.css", app=files)).headers
    for headers in (picture, style):
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["strict-transport-security"] == "max-age=60"
        assert "access-control-allow-origin" not in headers
    assert picture["content-security-policy"] == "default-src 'none';frame-ancestors 'none'"
    assert "content-security-policy" not in style  # bytes that no browser reads


async def test_nothing_is_shared_with_other_origins() -> None:
    for path in ("/accounts/login/", "/v1/models", "/healthz"):
        answer = await ask(path, headers=[("origin", "https://evil.example")])
        assert not [name for name, _ in answer.lines if name.lower().startswith("access-control")]


async def test_cookies_keep_to_this_site() -> None:
    answer = await ask("/accounts/login/")
    cookies = [value for name, value in answer.lines if name == "Set-Cookie"]
    assert [one.partition("=")[0] for one in cookies] == ["csrftoken"]
    assert all("HttpOnly" in one and "SameSite=Lax" in one for one in cookies)

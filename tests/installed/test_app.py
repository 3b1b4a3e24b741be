"""The site as an app: its manifest, its icons, its worker, and the page for when there is no network."""

import json
import re
import struct
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.test import Client
from django.utils import translation

from chatsite.installed import ASSETS, ICONS, MARK

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n"


def manifest(client: Client, **headers: str) -> dict[str, Any]:
    answer = client.get("/manifest.webmanifest", headers=headers)
    assert answer.headers["Content-Type"] == "application/manifest+json"
    return dict(json.loads(answer.content))


def side(file: Path) -> tuple[int, int]:
    head = file.read_bytes()[:24]
    assert head.startswith(PNG)
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def test_the_manifest_says_what_a_device_needs_to_install_it(client: Client) -> None:
    app = manifest(client)
    assert app["name"] == "Chatsite"
    assert (app["id"], app["start_url"], app["scope"], app["display"]) == ("/", "/", "/", "standalone")
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in app["icons"] if icon["purpose"] == "any"}
    assert any(icon["purpose"] == "maskable" for icon in app["icons"])
    assert app["shortcuts"] == [{"name": "New conversation", "url": "/"}]


def test_the_manifest_speaks_the_readers_language(client: Client) -> None:
    app = manifest(client, **{"accept-language": "zh-CN"})
    assert (app["lang"], app["shortcuts"][0]["name"]) == ("zh-hans", "新对话")


@pytest.mark.parametrize(("file", "sizes", "purpose"), ICONS)
def test_each_icon_is_there_in_its_size(file: str, sizes: str, purpose: str) -> None:
    found = finders.find(f"img/{file}")
    assert found
    assert side(Path(found)) == tuple(map(int, sizes.split("x")))


def test_every_page_names_the_manifest_and_its_colours(client: Client) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert '<link rel="manifest" href="/manifest.webmanifest">' in page
    assert re.search(r'<link rel="apple-touch-icon" href="[^"]+icon-192[^"]*\.png">', page)
    assert "viewport-fit=cover" in page
    assert "interactive-widget=resizes-content" in page


def test_the_worker_is_a_script_from_the_root_that_is_looked_for_anew(client: Client) -> None:
    answer = client.get("/sw.js")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]
    script = answer.content.decode()
    kept = json.loads(re.search(r"= (\{.*\});", script)[1])  # type: ignore[index]
    assert kept["page"] == "/offline/"
    assert [file.removesuffix(MARK) for file in kept["files"]] == [f"/static/{name}" for name in ASSETS]


def test_the_worker_keeps_nothing_of_a_person(client: Client, alice: Any) -> None:
    """It is the same for everybody, and so is all that it keeps; it answers navigations and its own files only."""
    stranger = client.get("/sw.js").content
    client.force_login(alice)
    assert client.get("/sw.js").content == stranger
    assert client.get("/offline/").content == Client().get("/offline/").content
    script = stranger.decode()
    assert "cache.put" not in script
    assert script.count("respondWith") == 2
    assert 'credentials: "omit"' in script


def test_the_worker_changes_when_what_it_keeps_does(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    before = client.get("/sw.js").content
    assert client.get("/sw.js").content == before
    monkeypatch.setattr("chatsite.installed.ASSETS", ASSETS[:-1])
    assert client.get("/sw.js").content != before


def test_the_page_without_a_network_has_each_language_and_needs_nothing_else(client: Client) -> None:
    answer: HttpResponse = client.get("/offline/")  # type: ignore[assignment]
    assert not answer.cookies
    page = answer.content.decode()
    for code, _ in settings.LANGUAGES:
        assert f'<section class="card" lang="{code}">' in page
    assert "The site cannot be reached" in page
    assert "无法连接到本站" in page
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        assert address.endswith(MARK), f"the worker would not have {address}"
    assert {f"/static/{name}{MARK}" for name in ASSETS} == set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page))
    assert not re.search(r"\sstyle=|\son\w+=|<style|csrf", page)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_without_a_network_is_the_same_whoever_asks(client: Client, language: str) -> None:
    plain = client.get("/offline/").content
    assert client.get("/offline/", headers={"accept-language": language}).content == plain
    with translation.override(language):
        assert client.get("/offline/").content == plain


def test_the_script_of_that_page_imports_nothing() -> None:
    found = finders.find("js/offline.js")
    assert found
    assert "import" not in re.sub(r"//.*", "", Path(found).read_text())


@pytest.mark.parametrize("path", ["/sw.js", "/manifest.webmanifest", "/offline/"])
def test_they_can_only_be_read(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405

"""Requests that try to be more than they are: forged, split, led astray, with fields that nobody asked for."""

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.conf import settings
from django.test import AsyncClient, Client

from accounts.models import User
from conversations.models import Conversation
from tests.conversations.talk import say
from tests.hostile.doors import ACCOUNT, CHAT
from tests.hostile.wire import ask

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model", "no_connections_left")]
LOGIN = "/accounts/login/"

# --- Forged -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/messages/", "/drafts/", "/conversations/trash/", "/presets/", LOGIN, "/i18n/setlang/", "/accounts/keys/"]
)
def test_a_form_of_another_site_changes_nothing(alice: User, path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(path, b"{}", content_type="text/plain").status_code == 403
    assert client.post(path, {"name": "x"}, headers={"origin": "https://evil.example"}).status_code == 403


def test_nothing_is_changed_by_a_link(client: Client, alice: User) -> None:
    """What takes a POST takes no GET: an image on another page would be enough."""
    client.force_login(alice)
    posts = [name for name, ways in {**CHAT, **ACCOUNT}.items() if all(way.method == "post" for way in ways)]
    assert len(posts) > 20
    for path in ("/messages/", "/conversations/trash/", "/presets/", "/accounts/keys/revoke/"):
        assert client.get(path).status_code == 405


# --- Split and led astray ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/accounts/login/", "/", "/i18n/setlang/"])
@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: evil=1", "a%0d%0aSet-Cookie:%20evil=1", "/\r\n\r\n<script>"])
def test_no_header_is_made_of_what_is_asked(client: Client, path: str, value: str) -> None:
    for answer in (
        client.get(path, {"next": value, "q": value}),
        client.post(path, {"next": value, "language": value}),
    ):
        assert "evil" not in answer.cookies
        assert not any("\n" in one or "\r" in one for pair in answer.items() for one in pair)


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost:80@evil.example", "local\thost", "", "localhost.evil.example"]
)
async def test_only_its_own_host_is_answered(host: str) -> None:
    answer = await ask("/accounts/login/", host=(("host", host),))
    assert answer.status == 400
    assert b"evil" not in answer.body


async def test_the_host_of_a_forwarded_header_is_nobodys() -> None:
    answer = await ask("/", headers=[("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example")])
    assert "evil" not in str(answer.lines)


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "https:evil.example"]
)
def test_no_door_leads_to_another_site(client: Client, alice: User, elsewhere: str) -> None:
    client.force_login(alice)
    for path, said in (
        ("/i18n/setlang/", {"language": "en", "next": elsewhere}),
        ("/accounts/logout/", {"next": elsewhere}),
    ):
        answer = client.post(path, said)
        assert "evil" not in answer.headers.get("Location", "")


# --- More fields than there are ---------------------------------------------------------------------------------------


async def test_a_message_says_nothing_of_whose_it_is(alice: User, bob: User) -> None:
    client = AsyncClient()
    await client.aforce_login(bob)
    said = {"type": "send", "client_id": "00000000-0000-4000-8000-000000000009", "text": "Hello?", "owner": alice.pk}
    said |= {
        "owner_id": alice.pk,
        "state": "complete",
        "role": "assistant",
        "kind": "api",
        "position": 99,
        "title": "x",
    }
    answer = await client.post("/messages/", orjson.dumps(said), content_type="application/json")
    assert answer.status_code == 200
    talk = await Conversation.objects.aget(pk=answer.json()["conversation"]["id"])
    assert (talk.owner_id, talk.kind) == (bob.pk, "chat")
    assert [row.role async for row in talk.messages.order_by("position")] == ["user", "assistant"]


@pytest.mark.parametrize("path", ["/accounts/appearance/", "/accounts/password/change/", LOGIN])
def test_nobody_makes_himself_an_owner(client: Client, bob: User, path: str) -> None:
    client.force_login(bob)
    more = {"is_superuser": "on", "is_staff": "1", "groups": "1", "role": "owner", "email": "alice@example.org"}
    client.post(path, {"theme": "dark", "login": "bob", "password": "bob's password", **more})
    bob.refresh_from_db()
    assert (bob.is_superuser, bob.is_staff, bob.email) == (False, False, "bob@example.org")
    assert not bob.groups.exists()


# --- What the server fetches ------------------------------------------------------------------------------------------

FETCHING = re.compile(
    r"^\s*(?:import|from)\s+(httpx|requests|urllib\.request|urllib3|aiohttp|http\.client|ftplib)\b", re.M
)
FETCHES = {  # and from where: no address comes from a person
    "accounts/single_sign_on": "the provider that the settings name",
    "inference/engines/openai": "the server that the catalog names",
    "inference/fetching": "weights, on the command line",
    "chatsite/bench": "benchmarks, of a site of their own",
    "chatsite/supervisor": "this site's own /readyz",
    "inference/engines/llamacpp/prompt": "its own server on this machine",
}


def test_nothing_that_serves_people_can_fetch() -> None:
    found = {
        str(path.relative_to(settings.BASE_DIR))
        for package in (
            "accounts",
            "audit",
            "console",
            "conversations",
            "exports",
            "retention",
            "chatsite",
            "inference",
            "limits",
            "moderation",
        )
        for path in Path(settings.BASE_DIR / package).rglob("*.py")
        if FETCHING.search(path.read_text())
    }
    assert found, "the pattern finds those that may"
    assert {one for one in found if not one.startswith(tuple(FETCHES))} == set()


def test_addresses_in_a_message_are_not_asked_for(alice: User, monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    asked: list[Any] = []
    resolve: Callable[..., Any] = socket.getaddrinfo

    def noted(host: Any, *more: Any, **others: Any) -> Any:
        asked.append(host)
        return resolve(host, *more, **others)

    sent = say(alice, "![a](http://169.254.169.254/latest/) <img src=http://evil.example/b.png> http://evil.example/c")
    monkeypatch.setattr(socket, "getaddrinfo", noted)
    client.force_login(alice)
    page = client.get(f"/c/{sent.conversation.pk}/")
    assert b"169.254.169.254" in page.content
    assert not [host for host in asked if "evil" in str(host) or "169.254" in str(host)]

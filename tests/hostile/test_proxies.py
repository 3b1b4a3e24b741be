"""Who asks is what a trusted proxy says, and nobody else."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from chatsite.origin import OwnOriginOnly
from chatsite.proxies import BehindProxies
from tests.hostile.wire import Pairs, scope

PROXY, CLIENT, STRANGER = "10.0.0.1", "203.0.113.9", "198.51.100.66"


async def seen(client: str, *headers: tuple[str, str], kind: str = "http") -> Any:
    """The scope as the site gets it."""
    found: dict[str, Any] = {}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        found.update(scope)

    middleware = BehindProxies(application)
    asked = scope("/", headers=headers, client=client) | {
        "type": kind,
        "scheme": "ws" if kind == "websocket" else "http",
    }
    await middleware(asked, None, None)
    return found


@pytest.fixture(autouse=True)
def trusted(settings: Settings) -> None:
    settings.PROXIES = ["10.0.0.0/8", "::1"]


@pytest.mark.parametrize(
    ("peer", "chain", "address"),
    [
        (PROXY, CLIENT, CLIENT),
        (PROXY, f"127.0.0.1, {CLIENT}", CLIENT),  # what the client added stands on the left
        (PROXY, f"{STRANGER}, {CLIENT}, 10.2.3.4", CLIENT),  # two proxies of ours
        (PROXY, "10.9.9.9", "10.9.9.9"),  # a client of our own network
        (PROXY, "not an address", PROXY),
        (PROXY, "", PROXY),
        ("::ffff:10.0.0.1", CLIENT, CLIENT),
        ("::1", "2001:db8::7", "2001:db8::7"),
        (STRANGER, CLIENT, STRANGER),  # no proxy
        (STRANGER, "127.0.0.1", STRANGER),
        ("", CLIENT, ""),  # a socket of the file system
    ],
)
async def test_the_address_is_the_one_that_proxies_vouch_for(peer: str, chain: str, address: str) -> None:
    assert (await seen(peer, ("x-forwarded-for", chain)))["client"][0] == address


async def test_a_header_in_two_lines_is_one_chain() -> None:
    lines = (("x-forwarded-for", STRANGER), ("x-forwarded-for", CLIENT))
    assert (await seen(PROXY, *lines))["client"][0] == CLIENT


@pytest.mark.parametrize(
    ("peer", "said", "kind", "scheme"),
    [
        (PROXY, "https", "http", "https"),
        (PROXY, "https", "websocket", "wss"),
        (PROXY, "http, https", "http", "https"),
        (PROXY, "https, http", "http", "http"),  # the last proxy's word
        (PROXY, "gopher", "http", "http"),
        (STRANGER, "https", "http", "http"),
    ],
)
async def test_https_is_what_a_proxy_says(peer: str, said: str, kind: str, scheme: str) -> None:
    assert (await seen(peer, ("x-forwarded-proto", said), kind=kind))["scheme"] == scheme


async def test_the_proxy_that_was_believed_is_named() -> None:
    assert (await seen(PROXY, ("x-forwarded-for", CLIENT)))["proxy"] == PROXY
    assert "proxy" not in await seen(STRANGER, ("x-forwarded-for", CLIENT))


@pytest.mark.parametrize("said", ["1", "proxy.example", "10.0.0.0/33", "10.0.0.1/8"])
def test_nonsense_is_refused_at_the_start(settings: Settings, said: str) -> None:
    settings.PROXIES = [said]
    with pytest.raises(ImproperlyConfigured, match="CHATSITE_PROXIES"):
        BehindProxies(None)


# --- Origins ----------------------------------------------------------------------------------------------------------

OURS: Pairs = (("host", "localhost"), ("origin", "https://localhost"))


async def opened(*headers: tuple[str, str]) -> bool:
    """Whether a socket got as far as the site."""
    got: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        got.append(scope)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(event: dict[str, Any]) -> None:
        refused.append(event["type"])

    refused: list[str] = []
    await OwnOriginOnly(application)(scope("/ws/", headers=headers) | {"type": "websocket"}, receive, send)
    assert refused == ([] if got else ["websocket.close"])
    return bool(got)


@pytest.mark.parametrize(
    ("headers", "https", "expected"),
    [
        (OURS, True, True),
        (OURS, False, True),
        ((("host", "localhost"), ("origin", "http://localhost")), False, True),
        ((("host", "localhost"), ("origin", "http://localhost")), True, False),  # somebody between, without TLS
        ((("host", "localhost"), ("origin", "https://evil.example")), True, False),
        ((("host", "evil.example"), ("origin", "https://evil.example")), True, False),  # a name that leads here
        ((("host", "localhost"), ("origin", "https://localhost.evil.example")), True, False),
        ((("host", "localhost"), ("origin", "null")), True, False),
        ((("host", "localhost"),), True, False),
        ((*OURS, ("origin", "https://evil.example")), True, False),
        ((("host", "localhost"), ("origin", "https://evil.example"), ("origin", "https://localhost")), True, False),
    ],
)
async def test_only_the_sites_own_pages_open_sockets(
    settings: Settings, headers: Pairs, https: bool, expected: bool
) -> None:
    settings.HTTPS = https
    assert await opened(*headers) is expected

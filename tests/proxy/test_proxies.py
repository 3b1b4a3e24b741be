"""The proxies whose configuration is in docker/proxy, run with it: addresses, sockets, streams, bodies."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from websockets.sync.client import connect

from tests.proxy.front import Front, front
from tests.proxy.shipped import SHIPPED, program

LIED = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "http", "Forwarded": "for=6.6.6.6", "X-Real-IP": "6.6.6.6"}


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    name: str = request.param
    if not program(name):
        pytest.skip(f"{name} is not installed")
    with front(name, tmp_path_factory.mktemp(name)) as running:
        yield running


def test_the_site_hears_who_asks_and_how_whatever_the_client_says(proxy: Front) -> None:
    with proxy.client("127.0.0.3") as client:
        seen = client.get("/", headers=LIED).json()
    assert (seen["client"], seen["scheme"]) == ("127.0.0.3", "https")
    assert "6.6.6.6" not in seen["headers"].get("forwarded", "")
    assert seen["headers"]["host"].partition(":")[0] == "localhost"
    assert "x-forwarded-host" not in seen["headers"]


def test_a_request_that_does_not_come_through_it_is_not_believed(proxy: Front) -> None:
    direct = proxy.behind
    with proxy.client() as client:
        client.get("/")
    assert direct.scopes[-1]["proxy"] == "127.0.0.1"


def test_sockets_pass_both_ways(proxy: Front) -> None:
    with connect(f"wss://localhost:{proxy.port}/ws/", ssl=proxy.trust, source_address=("127.0.0.4", 0)) as socket:
        for text in ("Hello", "x" * 300_000):
            socket.send(text)
            assert socket.recv(20) == text
    seen = proxy.behind.scopes[-1]
    assert (seen["type"], seen["scheme"], seen["client"][0]) == ("websocket", "wss", "127.0.0.4")


def test_events_come_as_they_are_written(proxy: Front) -> None:
    """The second is written only when the first has come through."""
    proxy.behind.go_on.clear()
    with (
        proxy.client() as client,
        client.stream("GET", "/replies/1/events", headers={"Accept-Encoding": "gzip"}) as got,
    ):
        pieces = got.iter_text()
        assert next(pieces) == "data: first\n\n"
        proxy.behind.go_on.set()
        assert "".join(pieces) == "data: second\n\n"
    assert "content-encoding" not in got.headers


def test_bodies_are_bounded_by_the_site_and_by_the_proxy(proxy: Front) -> None:
    with proxy.client() as client:
        assert client.post("/", content=b"x" * 1_000_000).json()["size"] == 1_000_000
        bounded = client.post("/", content=b"x" * 1_100_000)
        assert (bounded.status_code, bounded.json()["error"]["code"]) == (413, "body_too_large")
        before = len(proxy.behind.scopes)
        with suppress(httpx.TransportError):  # it hung up on us before we had sent it all
            assert client.post("/", content=b"x" * 11_000_000).status_code in {400, 413, 502}
        assert len(proxy.behind.scopes) <= before + 1


def test_a_file_that_is_imported_comes_through(proxy: Front) -> None:
    """As far as the site, which says in its own words that a stranger's is too large."""
    with proxy.client() as client:
        refused = client.post("/exports/import/", content=b"x" * 11_000_000)
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "body_too_large")


def test_metrics_stay_inside_and_headers_come_once(proxy: Front) -> None:
    with proxy.client() as client:
        assert client.get("/metrics").status_code == 404
        answer = client.get("/")
    assert answer.headers.get_list("content-security-policy", split_commas=False) != []
    assert len(answer.headers.get_list("x-frame-options")) == 1


def test_plain_http_is_sent_to_https(tmp_path: Path) -> None:
    if not program("nginx"):
        pytest.skip("nginx is not installed")
    with front("nginx", tmp_path) as running:
        answer = httpx.get(f"http://127.0.0.1:{running.plain_port}/c/1?x=1", headers={"Host": "localhost"})
    assert (answer.status_code, answer.headers["location"]) == (301, "https://localhost/c/1?x=1")


@pytest.mark.parametrize(
    ("file", "bound"),
    [
        ("proxy/nginx.conf", r"/exports/import/ \{[^}]*client_max_body_size (\d+)m"),
        ("proxy/Caddyfile", r"@imports \{\s*max_size (\d+)MB"),
        ("kubernetes/base/ingress.yaml", r"proxy-body-size: (\d+)m"),
    ],
)
def test_none_has_a_smaller_bound_than_the_site(file: str, bound: str) -> None:
    found = re.search(bound, (SHIPPED.parent / file).read_text())
    assert found
    unit = 10**6 if "MB" in bound else 2**20
    assert int(found[1]) * unit >= max(settings.LARGEST_BODIES.values())


def test_all_three_name_the_same_things() -> None:
    """Traefik has no package here to run it: that its file says what the others do is all that is checked."""
    for name in ("nginx.conf", "Caddyfile", "traefik.yml"):
        said = (SHIPPED / name).read_text()
        for word in ("127.0.0.1:8000", "CHATSITE_PROXIES=127.0.0.1", "CHATSITE_HTTPS=true", "/metrics", "4s"):
            assert word in said, (name, word)

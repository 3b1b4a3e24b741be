"""Who may read ``/metrics``: this machine itself, and whoever has the token."""

import socket
from http.client import HTTPConnection

import httpx
import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from chatsite import metrics
from inference.model import Model
from tests.ports import free_port
from tests.waiting import until


@pytest.fixture
def ask(db: None, model: Model, client: Client) -> Client:
    return client


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may(ask: Client, address: str) -> None:
    answer = ask.get("/metrics", REMOTE_ADDR=address)
    assert answer.status_code == 200
    families = {family.name: family for family in text_string_to_metric_families(answer.content.decode())}
    assert families["chatsite_queue_replies"].samples
    assert families["process_resident_memory_bytes"].samples[0].value > 10_000_000


@pytest.mark.parametrize("address", ["192.0.2.7", "::ffff:192.0.2.7", "", "unix", "128.0.0.1"])
def test_others_find_nothing(ask: Client, address: str) -> None:
    assert ask.get("/metrics", REMOTE_ADDR=address).status_code == 404


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded"])
def test_what_a_proxy_on_this_machine_passes_on_is_not_from_here(ask: Client, header: str) -> None:
    assert ask.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Bearer s3cret", 200),
        ("Bearer other", 404),
        ("bearer s3cret", 404),
        ("s3cret", 404),
        ("Bearer ", 404),
        ("é", 404),
    ],
)
def test_with_a_token_from_anywhere(ask: Client, settings: Settings, said: str, status: int) -> None:
    settings.METRICS_TOKEN = "s3cret"
    headers = {"authorization": said, "x-forwarded-for": "192.0.2.7"}
    assert ask.get("/metrics", REMOTE_ADDR="192.0.2.7", headers=headers).status_code == status


def test_without_a_token_in_the_settings_an_empty_one_opens_nothing(ask: Client) -> None:
    assert ask.get("/metrics", REMOTE_ADDR="192.0.2.7", headers={"authorization": "Bearer "}).status_code == 404


def test_it_is_only_read(ask: Client) -> None:
    assert ask.post("/metrics").status_code == 405


def test_behind_https_this_machine_is_not_sent_away(ask: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert ask.get("/accounts/login/").status_code == 301
    assert ask.get("/metrics").status_code == 200


# --- A worker's own port ----------------------------------------------------------------------------------------------


@pytest.fixture
def port() -> int:
    """Where this process serves its metrics as a worker does, once the port is free."""
    number = free_port()
    with socket.create_server(("127.0.0.1", number)):
        metrics.serve(number)
    return number


def answers(port: int, path: str = "/metrics", **headers: str) -> int:
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=30).status_code
    except httpx.TransportError:
        return 0


def test_a_worker_serves_them_as_soon_as_its_port_is_free(
    port: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(lambda: answers(port) == 200, what="the port")
    assert answers(port, "/") == answers(port, "/metrics/x") == 404
    assert answers(port, **{"X-Forwarded-For": "192.0.2.7"}) == 404
    settings.METRICS_TOKEN = "s3cret"
    assert answers(port, **{"X-Forwarded-For": "192.0.2.7", "Authorization": "Bearer s3cret"}) == 200
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/metrics", body=b"x" * 10)
    assert connection.getresponse().status in {200, 404, 405}
    connection.close()


def test_nothing_listens_unless_a_port_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_serve", pytest.fail)
    metrics.serve(0)

"""What browsers report of the page's policy: counted, little of it kept, and nobody fills anything with it."""

import orjson
import pytest
import redis
from django.test import Client
from prometheus_client import REGISTRY

from console.security import csp_reports
from console.security.csp_reports import Report, seen

pytestmark = pytest.mark.django_db
KIND = "application/csp-report"
REAL = {
    "document-uri": "https://chat.example/c/0b5a7a1e-6a51-4d0c-8f43-7f2d3f1f3a11/?q=secret",
    "violated-directive": "script-src-elem",
    "effective-directive": "script-src-elem",
    "original-policy": "default-src 'none'",
    "blocked-uri": "https://evil.example/steal.js?cookie=secret",
    "script-sample": "alert('secret')",
}


def send(client: Client, body: object = None, kind: str = KIND, address: str = "192.0.2.1") -> int:
    said = body if isinstance(body, bytes) else orjson.dumps({"csp-report": REAL if body is None else body})
    return client.post("/csp-reports", said, content_type=kind, REMOTE_ADDR=address).status_code


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("chatsite_csp_reports_total", {"outcome": outcome}) or 0


def test_a_report_is_counted_and_reduced(client: Client) -> None:
    before = counted("kept")
    assert [send(client), send(client)] == [204, 204]
    assert counted("kept") == before + 2
    (found,) = seen() or []
    assert found.times == 2
    assert found.report == Report("script-src-elem", "https://evil.example", "c/<uuid:conversation_id>/")
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    ("blocked", "kept"),
    [("inline", "inline"), ("eval", "eval"), ("data", "data"), ("https://[", "?"), ("blob:https://x/1", "blob")],
)
def test_what_was_stopped_is_an_origin_or_a_word(client: Client, blocked: str, kept: str) -> None:
    assert send(client, {**REAL, "blocked-uri": blocked}) == 204
    assert [one.report.blocked for one in seen() or []] == [kept]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"1",
        b'{"csp-report": 1}',
        b'{"csp-report": {}}',
        b'{"csp-report": {"violated-directive": "made-up"}}',
        b'{"csp-report": {"violated-directive": ["script-src"]}}',
    ],
)
def test_nonsense_is_refused_and_not_kept(client: Client, body: bytes) -> None:
    before = counted("malformed")
    assert send(client, body) == 400
    assert counted("malformed") == before + 1
    assert seen() == []


def test_only_reports_are_taken(client: Client) -> None:
    assert send(client, kind="text/plain") == 400
    assert client.get("/csp-reports").status_code == 405


def test_one_sender_is_paused_and_others_are_not(client: Client) -> None:
    answers = [send(client) for _ in range(2 * csp_reports.EACH + 1)]  # more than in two minutes: one may end meanwhile
    assert 429 in answers
    assert send(client, address="192.0.2.2") == 204


def test_all_together_are_paused_too(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csp_reports, "ALL", 3)
    assert 429 in [send(client, address=f"192.0.2.{number}") for number in range(9)]


def test_made_up_reports_fill_nothing_and_keep_no_real_one_out(
    client: Client, monkeypatch: pytest.MonkeyPatch, empty_redis: redis.Redis
) -> None:
    monkeypatch.setattr(csp_reports, "MOST", 2)
    for number in (0, 1, 2, 3, 2):
        send(client, {**REAL, "blocked-uri": f"https://evil{number}.example/"})
    send(client)
    kept = [("https://evil.example", 1), ("https://evil2.example", 2)]  # the latest first
    assert [(one.report.blocked, one.times) for one in seen() or []] == kept
    assert empty_redis.hlen(csp_reports.COUNTS) == 2
    for name in (csp_reports.COUNTS, csp_reports.LATEST):
        assert 0 < int(empty_redis.ttl(name)) <= csp_reports.KEPT_S


def test_what_was_last_reported_long_ago_is_not_shown(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    send(client)
    monkeypatch.setattr(csp_reports, "KEPT_S", -1)
    assert seen() == []


def test_long_words_are_cut(client: Client) -> None:
    send(client, {**REAL, "blocked-uri": f"https://{'x' * 5000}.example/"})
    assert [len(one.report.blocked) for one in seen() or []] == [csp_reports.LONGEST]


def test_without_redis_a_report_is_lost_and_nothing_fails(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(csp_reports, "_redis", away)
    before = counted("lost")
    assert send(client) == 204
    assert counted("lost") == before + 1
    assert seen() is None

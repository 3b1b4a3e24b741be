"""Every metric that the dashboard and the alerts ask for is exposed by a running site, and moves when people use it."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from django.conf import settings

from tests.metrics.scrapes import (
    PROMETHEUS_ITSELF,
    Families,
    alert_queries,
    all_of,
    dashboard_queries,
    names,
    series,
    value,
)
from tests.sites import Site
from tests.waiting import until

ASKED = {name for query in (*dashboard_queries(), *alert_queries().values()) for name in names(query)}
OURS = {name for name in ASKED if not name.startswith("vllm:")}
ENDS = ("complete", "stopped")
SPOKEN = """
import json, dataclasses
from inference import presence
from inference.events.client import blocking_client
print(json.dumps(dataclasses.asdict(presence.engines(blocking_client())[0])))
"""


@pytest.fixture
def person(scripted_site: Site) -> Iterator[httpx.Client]:
    """The administrator, signed in, by HTTP alone."""
    with httpx.Client(base_url=scripted_site.url, follow_redirects=True, timeout=20) as client:
        client.get("/accounts/login/")
        secret = {"login": scripted_site.admin, "password": scripted_site.password}
        token = {"X-CSRFToken": client.cookies["csrftoken"]}
        assert client.post("/accounts/login/", data=secret, headers=token).url.path == "/"
        client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
        yield client


def send(person: httpx.Client, text: str) -> str:
    """Send a message; the id of its reply."""
    answer = person.post("/messages/", json={"type": "send", "client_id": str(uuid4()), "text": text})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["reply"])


def told(person: httpx.Client, reply: str) -> list[str]:
    """The types of a reply's events, to its end."""
    lines = person.get(f"/replies/{reply}/events").text.splitlines()
    return [json.loads(line[6:])["type"] for line in lines if line.startswith("data: ")]


def of(site: Site, job: str) -> Families:
    return all_of(site)[job]


def test_the_dashboard_and_the_alerts_ask_for_something() -> None:
    assert len(dashboard_queries()) > 30
    assert len(alert_queries()) > 10
    assert len(OURS) > 20


def test_every_name_asked_for_exists(scripted_site: Site) -> None:
    exposed = series(all_of(scripted_site))
    assert exposed >= OURS, OURS - exposed
    assert "chatsite_no_such_thing" not in exposed


def test_every_metric_of_ours_is_on_the_dashboard(scripted_site: Site) -> None:
    ours = {name for name in series(all_of(scripted_site)) if name.startswith("chatsite_")}
    ours = {name for name in ours if not name.endswith(("_sum", "_count"))}
    assert ours <= {name for query in dashboard_queries() for name in names(query)}


def test_every_alert_says_what_to_do() -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "monitoring.md").read_text()
    assert {name for name in alert_queries() if f"| {name} |" not in page} == set()


def test_jobs_are_those_of_the_scrape_configuration(scripted_site: Site) -> None:
    configuration = (Path(settings.BASE_DIR) / "docker" / "prometheus" / "prometheus.yml").read_text()
    for job in all_of(scripted_site):
        assert f"job_name: {job}\n" in configuration
    assert {"up"} == PROMETHEUS_ITSELF


def test_what_people_do_is_counted(scripted_site: Site, person: httpx.Client) -> None:
    before = of(scripted_site, "chatsite-worker")
    sent_before = value(of(scripted_site, "chatsite-web"), "chatsite_sends_total", outcome="saved")
    assert told(person, send(person, "@tokens=40 Hello"))[-1] == "done"
    stopped = send(person, "@tokens=4000 @rate=20 Go on")
    until(lambda: value(of(scripted_site, "chatsite-worker"), "chatsite_engine_live_replies") == 1)
    person.post(f"/replies/{stopped}/stop/")
    assert told(person, stopped)[-1] == "stopped"
    web, after = of(scripted_site, "chatsite-web"), of(scripted_site, "chatsite-worker")

    def rise(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert value(web, "chatsite_sends_total", outcome="saved") - sent_before == 2
    assert [rise("chatsite_replies_total", end=end) for end in ENDS] == [1, 1]
    assert rise("chatsite_attempts_total", how="first") == 2
    assert rise("chatsite_completion_tokens_total") >= 40
    assert rise("chatsite_prompt_tokens_total") > 0
    for counted in ("queue_wait", "time_to_first_token", "time_per_token"):
        assert rise(f"chatsite_{counted}_seconds_count") == 2, counted
    assert rise("chatsite_flush_seconds_count") > 2
    assert rise("chatsite_flush_bytes_total") > 100
    assert value(web, "chatsite_feed_lag_seconds_count") > 0
    assert value(web, "chatsite_queue_replies", state="waiting") == 0
    until(lambda: value(of(scripted_site, "chatsite-background"), "chatsite_sweeps_total") > 0)


def test_a_refusal_is_counted_by_its_code(scripted_site: Site, person: httpx.Client) -> None:
    answer = person.post("/messages/", json={"type": "send", "client_id": str(uuid4()), "text": "  "})
    assert answer.status_code == 422
    assert value(of(scripted_site, "chatsite-web"), "chatsite_sends_total", outcome="empty") >= 1


def test_what_is_asked_of_vllm_is_what_vllm_names() -> None:
    package = importlib.util.find_spec("vllm")
    assert package, "vLLM is not installed"
    assert package.origin
    source = (Path(package.origin).parent / "v1" / "metrics" / "loggers.py").read_text()
    asked = ASKED - OURS
    assert asked
    assert {name for name in asked if f'"{name}"' not in source} == set()


@pytest.mark.long
@pytest.mark.vllm
def test_vllm_shows_its_own_metrics_beside_ours(vllm_site: Site) -> None:
    worker = of(vllm_site, "chatsite-worker")
    assert series({"worker": worker}) >= ASKED - OURS
    assert 0 <= value(worker, "vllm:kv_cache_usage_perc") <= 1
    spoken = json.loads(vllm_site.manage("shell", "-c", SPOKEN).splitlines()[-1])
    assert 0 <= spoken["cache"] <= 1

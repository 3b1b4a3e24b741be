"""Two models at once, for real: a worker for each, their own queues and figures; one may die and the site goes on."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from chatsite.redis_socket import redis_socket
from chatsite.supervisor import processes
from inference import placement, presence
from inference.catalog import load
from tests import sites
from tests.metrics.scrapes import scrape, value
from tests.sites import Site
from tests.supervisor.test_site import refusal, wait_until_none

CATALOG = """
[[model]]
name = "first"
label = "First model"
engine = "scripted"
context_window = 4096
slots = 4
options = { text = "I am the first.", rate = 500 }

[[model]]
name = "second"
label = "Second model"
engine = "scripted"
context_window = 1024
slots = 2
options = { text = "I am the second.", rate = 500 }

[[model]]
name = "broken"
label = "Broken model"
engine = "scripted"
context_window = 1024
slots = 2
options = { fail_start = true }

[[model]]
name = "huge"
label = "Huge model"
engine = "scripted"
gpus = 64
context_window = 1024
slots = 2
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    path = tmp_path / "catalog.toml"
    path.write_text(CATALOG)
    return path


@pytest.fixture
def started() -> Iterator[list[Site]]:
    made: list[Site] = []
    yield made
    for site in made:
        if site.process.poll() is None:
            site.process.kill()
        site.process.wait()


def start(tmp_path: Path, catalog: Path, names: str) -> Site:
    return sites.start(tmp_path / "data", CHATSITE_CATALOG=str(catalog), CHATSITE_MODEL=names)


def ready(site: Site) -> tuple[int, dict[str, Any]]:
    answer = httpx.get(f"{site.url}/readyz", timeout=30)
    return answer.status_code, answer.json()


def until_models(site: Site, **states: str) -> None:
    deadline = time.monotonic() + 60
    while (said := ready(site)[1]["models"]) != states:
        assert time.monotonic() < deadline, (said, site.log[-3000:])
        time.sleep(0.1)


def worker_of(site: Site, model: str) -> int:
    """The process that holds this model: its name says its number."""
    with redis.Redis(unix_socket_path=str(redis_socket(site.data))) as client:
        (name,) = [worker.name for worker in presence.engines(client) if worker.model == model]
    return int(name.split("@")[0].removeprefix("inference-"))


@contextmanager
def silent(pid: int) -> Iterator[None]:
    """It says nothing meanwhile, and has not ended."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_each_model_has_a_worker_and_the_default_makes_the_site_ready(
    tmp_path: Path, catalog: Path, started: list[Site]
) -> None:
    started.append(site := start(tmp_path, catalog, "first,second"))
    site.wait("Ready in", 300)
    assert "Models    First model on scripted, 4 replies at once; Second model on scripted" in site.log
    until_models(site, first="ready", second="ready")
    assert ready(site) == (
        200,
        {
            "database": True,
            "redis": True,
            "engine": True,
            "push": True,
            "models": {"first": "ready", "second": "ready"},
        },
    )
    assert {path.name for path in (site.data / "logs").glob("worker*")} <= {"worker-first.log", "worker-second.log"}
    ports = site.worker_metrics, site.worker_metrics + 1
    for port, name, slots in zip(ports, ("first", "second"), (4, 2), strict=True):
        assert value(scrape(port), "chatsite_engine_slots", model=name) == slots

    with silent(worker_of(site, "second")):
        until_models(site, first="ready", second="away")
        assert ready(site)[0] == 200
    until_models(site, first="ready", second="ready")
    with silent(worker_of(site, "first")):
        until_models(site, first="away", second="ready")
        status, said = ready(site)
        assert (status, said["engine"]) == (503, False)
    assert site.stop() == 0
    wait_until_none(site.data)


@pytest.mark.long
def test_a_model_that_cannot_start_stops_nobody_else(tmp_path: Path, catalog: Path, started: list[Site]) -> None:
    started.append(site := start(tmp_path, catalog, "first,broken"))
    site.wait("Ready in", 300)
    site.wait("worker broken ended by itself", 60)
    site.wait("starting it again in 60.0 s", 120)
    until_models(site, first="ready", broken="away")  # its last word counts for some seconds
    assert ready(site)[0] == 200
    assert site.stop() == 0


def test_too_few_gpus_are_said_by_name(tmp_path: Path, catalog: Path, started: list[Site]) -> None:
    started.append(site := start(tmp_path, catalog, "first,huge"))
    assert "huge needs 64: 64 GPU(s) together, found" in refusal(site)


def test_workers_are_told_their_model_gpus_and_port(
    catalog: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = load(catalog)
    settings.WORKER_METRICS_PORT, settings.BACKGROUND_METRICS_PORT, settings.PORT = 9101, 9102, 8000
    given = {"first": {"CUDA_VISIBLE_DEVICES": "0"}, "second": {"CUDA_VISIBLE_DEVICES": "1"}}
    monkeypatch.setattr(placement, "environments", lambda models: given)
    both = {spec.name: spec for spec in processes.site([found.get("first"), found.get("second")])}
    first, second = both["worker first"], both["worker second"]
    assert (first.vital, second.vital) == (True, False)
    assert first.command[-3:] == ["inference_worker", "--model", "first"]
    assert first.environment == {"CUDA_VISIBLE_DEVICES": "0", "CHATSITE_WORKER_METRICS_PORT": "9101"}
    assert second.environment == {"CUDA_VISIBLE_DEVICES": "1", "CHATSITE_WORKER_METRICS_PORT": "9103"}
    alone = {spec.name: spec for spec in processes.site([found.get("first")])}["worker"]
    assert (alone.command[-1], dict(alone.environment), alone.vital) == ("inference_worker", {}, True)

"""From nothing to a first reply, step by step as ``docker compose up`` does it, each container a process."""

import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests import postgres
from tests.deploy.files import DOCKER, compose, dockerfile
from tests.deploy.processes import MODEL, Machine
from tests.stores import OwnRedis
from tests.waiting import until

SITE = ("web", "inference", "background", "scheduler")


@pytest.fixture
def machine() -> Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="chatsite-deploy-") as name:
        folder = Path(name)
        redis = OwnRedis(folder / "store")
        redis.start()
        with postgres.cluster(Path(f"{name}-pg")) as cluster:
            yield Machine(folder, cluster, redis)
        redis.kill()


def test_a_first_start_ends_in_a_reply(machine: Machine) -> None:
    machine.once("secrets")
    secrets = {file.name: file.read_text() for file in (machine.folder / "secrets").iterdir()}
    machine.once("secrets")
    assert secrets == {file.name: file.read_text() for file in (machine.folder / "secrets").iterdir()}
    _collect(machine)
    machine.move_database()
    assert "Created the administrator" in machine.once("prepare")
    assert secrets["admin_password"] not in machine.once("prepare")
    with machine.running(*SITE):
        machine.wait_until_well("web", "inference", "background")
        base = f"http://127.0.0.1:{machine.ports['8000']}"
        until(
            lambda: httpx.get(f"{base}/readyz", timeout=30).status_code == 200, seconds=60, what="a site that is ready"
        )
        _is_scraped(machine, secrets["metrics_token"])
        assert _sign_in_page_is_whole(base)
        key = machine.once(
            "web", ["python", "manage.py", "create_api_key", "admin@localhost", "--name", "first"]
        ).strip()
        said = httpx.post(
            f"{base}/v1/chat/completions",
            json={"model": MODEL, "messages": [{"role": "user", "content": "@tokens=5 Hello"}]},
            headers={"Authorization": f"Bearer {key}"},
            timeout=30,
        )
        assert said.status_code == 200, f"{said.text}\n{machine.printed()}"
        assert said.json()["choices"][0]["message"]["content"]
        assert said.json()["usage"]["completion_tokens"] == 5


def test_secrets_are_for_their_owner_and_group(tmp_path: Path, machine: Machine) -> None:
    machine.once("secrets")
    files = [*(machine.folder / "secrets").iterdir(), *(machine.folder / "monitoring").iterdir()]
    assert len(files) == 7
    assert {stat.S_IMODE(file.stat().st_mode) & 0o027 for file in files} == {0}
    assert len({file.read_text() for file in files}) == 6  # the token is in both folders


def _collect(machine: Machine) -> None:
    """The line of the Dockerfile that makes /app/collected."""
    (line,) = [line for line in dockerfile()["site"].of("RUN") if "collectstatic" in line]
    assert "python manage.py collectstatic --noinput --verbosity 0" in line
    machine.once("web", ["python", "manage.py", "collectstatic", "--noinput", "--verbosity", "0"])
    assert (machine.folder / "collected" / "staticfiles.json").exists()


def _is_scraped(machine: Machine, token: str) -> None:
    """Prometheus asks each by its service's name, with the token, from elsewhere."""
    scrapes = yaml.safe_load((DOCKER / "prometheus" / "compose.yml").read_text())["scrape_configs"]
    for job in scrapes:
        (target,) = job["static_configs"][0]["targets"]
        port = target.partition(":")[2]
        elsewhere = {"Host": target, "X-Forwarded-For": "192.0.2.1"}
        address = f"http://127.0.0.1:{machine.ports[port]}/metrics"
        assert httpx.get(address, headers=elsewhere, timeout=30).status_code == 404
        told = httpx.get(address, headers={**elsewhere, "Authorization": f"Bearer {token}"})
        assert told.status_code == 200, job["job_name"]
        assert "chatsite_" in told.text


def _sign_in_page_is_whole(base: str) -> bool:
    page = httpx.get(f"{base}/accounts/login/", timeout=30).text
    style = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    return httpx.get(base + style, timeout=30).status_code == 200


def test_ports_in_the_files_are_those_that_are_replaced_here(machine: Machine) -> None:
    written = {word.split("/")[0] for one in compose().values() for word in one.get("healthcheck", {}).get("test", ())}
    assert {word for word in written if word.isdigit()} <= set(machine.ports)

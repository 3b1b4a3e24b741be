"""``manage.py run`` as a whole: what it prints, what it survives, what it leaves, and how it refuses to start."""

import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from chatsite.redis_socket import redis_socket
from tests import sites
from tests.sites import Site

SCRIPTED = {"CHATSITE_MODEL": "scripted"}


@pytest.fixture
def started() -> Iterator[list[Site]]:
    """Sites that a test starts, so that none outlives it."""
    made: list[Site] = []
    yield made
    for site in made:
        if site.process.poll() is None:
            site.process.kill()
        site.process.wait()


def processes_of(data: Path) -> dict[int, str]:
    """Living processes of the site on this folder, with their commands. Redis writes over its own environment."""
    variable, listens = f"CHATSITE_DATA_DIR={data}", f"unixsocket:{redis_socket(data)}"
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            command = (folder / "cmdline").read_text().replace("\0", " ")
            if variable in (folder / "environ").read_text(errors="replace").split("\0") or listens in command:
                found[int(folder.name)] = command
    return found


def wait_until_none(data: Path) -> None:
    deadline = time.monotonic() + 60
    while left := processes_of(data):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def refusal(site: Site) -> str:
    """The one line that a site which cannot start prints before it ends with a failure."""
    assert site.process.wait(60) == 1
    lines = [line for line in site.log.splitlines() if line.strip() and "| Checking " not in line]  # weights
    assert len(lines) == 1, site.log
    return lines[0]


def test_a_site_starts_restarts_and_keeps_its_data(tmp_path: Path, started: list[Site]) -> None:
    data = tmp_path / "a folder with spaces & signs %41"
    first = sites.start_anew(data, CHATSITE_ADMIN_PASSWORD="", **SCRIPTED)
    started.append(first)
    first.wait("Ready in", 300)
    assert first.url.replace("127.0.0.1", "localhost") in first.log
    assert "Scripted demonstration on scripted" in first.log
    assert str(data) in first.log
    assert "admin or admin@localhost, password " in first.log
    assert httpx.get(f"{first.url}/healthz", timeout=30).status_code == 200
    started.append(other := sites.start(tmp_path / "other", **SCRIPTED, CHATSITE_DATA_DIR=str(data)))
    assert f"is in use by another run of the site (process {first.process.pid})" in refusal(other)
    assert (data.stat().st_mode & 0o777) in {0o700, 0o755}  # 755: this test made the folder itself
    assert first.stop() == 0
    wait_until_none(data)

    second = sites.start(data, CHATSITE_ADMIN_PASSWORD="another", CHATSITE_SERVER="daphne", **SCRIPTED)
    started.append(second)
    second.wait("Ready in", 300)
    assert "admin; a forgotten password" in second.log
    assert "another" not in second.log
    page = httpx.get(f"{second.url}/accounts/login/", timeout=30)
    assert page.status_code == 200
    assert page.headers["server"] == "chatsite"
    assert second.stop(signal.SIGTERM) == 0
    wait_until_none(data)


@pytest.mark.long
def test_a_killed_web_process_comes_back_and_a_killed_supervisor_leaves_nothing(
    tmp_path: Path, started: list[Site]
) -> None:
    data = tmp_path / ("long" * 30)  # its path is too long for a socket
    started.append(site := sites.start(data, **SCRIPTED))
    site.wait("Ready in", 300)
    assert not (data / "redis.sock").exists()
    web = next(pid for pid, command in processes_of(data).items() if "chatsite.serve" in command)
    os.kill(web, signal.SIGKILL)
    site.wait("web ended by itself (signal SIGKILL)", 10)
    deadline = time.monotonic() + 60
    while not answers(site):
        assert time.monotonic() < deadline, site.log
        time.sleep(0.1)
    assert len(processes_of(data)) >= 7  # supervisor, undertaker, redis, web, worker, background, scheduler
    site.process.kill()
    site.process.wait()
    wait_until_none(data)


def answers(site: Site) -> bool:
    try:
        return httpx.get(f"{site.url}/healthz", timeout=30).status_code == 200
    except httpx.TransportError:
        return False


def test_a_port_in_use_is_refused(tmp_path: Path, started: list[Site]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        started.append(site := sites.start_anew(tmp_path, CHATSITE_PORT=str(port)))
        line = refusal(site)
    assert f"port {port} on 127.0.0.1 is in use" in line
    assert f"CHATSITE_PORT={port + 1}" in line


def test_a_full_disk_is_refused(tmp_path: Path, started: list[Site]) -> None:
    (tmp_path / "secret_key").write_text("x" * 50)
    (tmp_path / "lock").symlink_to("/dev/full")  # every write to it fails as on a full disk
    started.append(site := sites.start_anew(tmp_path))
    assert "No space left on device" in refusal(site)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("CHATSITE_PORT", "eighty", "CHATSITE_PORT='eighty' is not of type int"),
        ("CHATSITE_PORT", "70000", "ports are 1 to 65535"),
        ("CHATSITE_SERVER", "apache", "is not one of: uvicorn, daphne"),
        ("CHATSITE_MODEL", "smollm2-135", "Did you mean 'smollm2-135m'?"),
        ("CHATSITE_CATALOG", "/nowhere/catalog.toml", "/nowhere/catalog.toml: cannot be read"),
        ("CHATSITE_BIND", "192.0.2.1", "192.0.2.1 cannot be used"),
        ("CHATSITE_DATA_DIR", "/proc/nowhere", "the data folder /proc/nowhere cannot be used"),
        ("REDIS_URL", "redis://127.0.0.1:1/0", "the Redis of REDIS_URL does not answer"),
        ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none", "the database does not answer"),
    ],
)
def test_bad_settings_are_one_line(tmp_path: Path, started: list[Site], variable: str, value: str, says: str) -> None:
    started.append(site := sites.start_anew(tmp_path, **{variable: value}))
    assert says in refusal(site)

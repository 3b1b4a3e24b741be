"""Whole sites for tests: ``manage.py run`` as a person would start it, on a free port and a folder of its own."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from tests import canaries
from tests.engines import server
from tests.engines.subjects import model
from tests.ports import free_port

PASSWORD = "correct horse battery"
DATABASE = "chatsite.sqlite3"
ANSI = re.compile(r"\x1b\[[0-9;]*[mK]|\r")


@dataclass
class Site:
    """A running site. ``log`` is all it printed."""

    url: str
    data: Path
    process: "subprocess.Popen[bytes]"
    worker_metrics: int  # ports of /metrics
    background_metrics: int
    admin: str = "admin"
    password: str = PASSWORD

    @property
    def log(self) -> str:
        return ANSI.sub("", (self.data / "printed").read_text(errors="replace"))

    def manage(self, *command: str) -> str:
        """Run one of the site's commands beside it; what it printed."""
        return manage(self.data, self.port, *command)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def wait(self, text: str, seconds: float) -> None:
        """Until it has printed this text. Fails when it ends before, or takes longer."""
        deadline = time.monotonic() + seconds
        while text not in self.log:
            assert self.process.poll() is None, f"the site ended:\n{self.log[-4000:]}"
            assert time.monotonic() < deadline, f"no {text!r} within {seconds} s:\n{self.log[-4000:]}"
            time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGINT, seconds: float = 60) -> int:
        """Stop it as Ctrl-C does; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(seconds)


def manage(data: Path, port: int, *command: str) -> str:
    """Run a command of the site in this folder; what it printed."""
    answer = subprocess.run(
        [sys.executable, "manage.py", *command],
        env=environment(data, port),
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def environment(data: Path, port: int, **more: str) -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("CHATSITE_", "DJANGO_"))}
    return {
        **mine,
        "CHATSITE_DATA_DIR": str(data),
        "CHATSITE_CACHE_DIR": str(settings.CACHE_DIR),
        "CHATSITE_PORT": str(port),
        "CHATSITE_ADMIN_PASSWORD": PASSWORD,
        **more,
    }


@cache
def migrated() -> bytes:
    """The database of a site that nobody has used yet. To make one takes longer than all else of a start."""
    with tempfile.TemporaryDirectory(prefix="chatsite-migrated-") as folder:
        manage(Path(folder), free_port(), "migrate", "--verbosity", "0")
        return (Path(folder) / DATABASE).read_bytes()


def start(data: Path, **more: str) -> Site:
    """Start a site on a free port and return at once. ``more`` are environment variables."""
    data.mkdir(parents=True, exist_ok=True)
    if not (data / DATABASE).exists():
        (data / DATABASE).write_bytes(migrated())
    return start_anew(data, **more)


def start_anew(data: Path, **more: str) -> Site:
    """The same, and it makes its own database where there is none."""
    port, worker_metrics, background_metrics = free_port(), free_port(), free_port()
    more = {
        "CHATSITE_WORKER_METRICS_PORT": str(worker_metrics),
        "CHATSITE_BACKGROUND_METRICS_PORT": str(background_metrics),
        **more,
    }
    data.mkdir(parents=True, exist_ok=True)
    with (data / "printed").open("wb") as printed:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run"],
            env=environment(data, port, **more),
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Site(f"http://127.0.0.1:{port}", data, process, worker_metrics, background_metrics)


@contextmanager
def running(seconds: float = 300, **more: str) -> Iterator[Site]:
    """A site that is ready, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="chatsite-site-") as folder:
        site = start(Path(folder), **more)
        try:
            site.wait("Ready in", seconds)
            yield site
        finally:
            if site.process.poll() is None:
                site.stop()
        assert canaries.in_files(site.data) == []


@pytest.fixture(scope="session")
def scripted_site() -> Iterator[Site]:
    """A site on the scripted engine, shared by all tests that use it."""
    with running(CHATSITE_MODEL="scripted") as site:
        yield site


@pytest.fixture(scope="session")
def llamacpp_site() -> Iterator[Site]:
    """A site on the bundled model."""
    with running(CHATSITE_MODEL="smollm2-135m") as site:
        yield site


@pytest.fixture(scope="session")
def vllm_site() -> Iterator[Site]:
    """A site on the bundled model and real vLLM; the first start converts the weights."""
    with running(300, CHATSITE_MODEL="smollm2-135m-vllm") as site:
        yield site


@pytest.fixture(scope="session")
def transformers_site() -> Iterator[Site]:
    """A site on the bundled model and Transformers; the first start converts the weights."""
    with running(300, CHATSITE_MODEL="smollm2-135m-transformers") as site:
        yield site


REMOTE = """
[[model]]
name = "remote"
label = "Remote"
engine = "openai"
context_window = 2048
slots = 8
options = {{ url = "{url}", continues_prefix = true }}
"""


@pytest.fixture(scope="session")
def openai_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose model is on another server, which speaks OpenAI's API and has a script of what to say."""
    said = model("scripted", slots=8, window=2048, text="The capital is Paris, and of Italy it is Rome.", rate=200)
    catalog = tmp_path_factory.mktemp("remote") / "catalog.toml"
    with server.serving(server.App(said)) as url:
        catalog.write_text(REMOTE.format(url=url))
        with running(CHATSITE_CATALOG=str(catalog), CHATSITE_MODEL="remote") as site:
            yield site

"""A site of the benchmark's own: ``manage.py run`` in a temporary folder, gone with all its processes afterwards."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import redis

from chatsite.bench import usage
from chatsite.environment import ROOT
from chatsite.redis_socket import redis_socket
from chatsite.supervisor.process import TETHER

READY_S = 120.0
STOP_S = 60.0
TITLES_S = 15.0
MOST_TOKENS = 8192  # a reply is as long as a benchmark asks
KEPT = ("CHATSITE_SERVER", "CHATSITE_CACHE_DIR")  # settings of the caller that a benchmark takes over
SIGNS = {  # in a command line, or in the title that Celery gives its processes
    "web": re.compile("chatsite.serve"),
    "worker": re.compile("inference[_-]"),
    "redis": re.compile("unixsocket"),
    "background": re.compile("background[_-]"),
    "scheduler": re.compile("scheduler|celery beat"),
}
ADMIN_PASSWORD = "a password for this benchmark only"  # noqa: S105 - of a site that nobody else reaches
CATALOG = """
[[model]]
name = "bench"
label = "Benchmark"
engine = "scripted"
context_window = 8192
slots = 256

[model.options]
ttft = {ttft_s}
rate = {rate}
tokens = {tokens}
together = true
stamp = true
directives = true
"""


class BenchError(Exception):
    """The benchmark cannot run; the text says why."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site that is ready. ``processes`` are the numbers of each one and of those it started, by name."""

    port: int
    environment: dict[str, str]
    processes: dict[str, list[int]]

    def python(self, module: str, *arguments: str) -> Any:
        """What a module of ours answers as JSON when it runs with this site's settings."""
        return python(self.environment, module, *arguments)

    def read(self) -> usage.Reading:
        """What each process has used, with those it started; ``client`` is this one."""
        used = {name: usage.usage(*pids) for name, pids in self.processes.items()}
        return usage.Reading(time.monotonic(), usage.machine_cpu_s(), used)

    def redis_mb(self) -> float:
        """Megabytes that the embedded Redis has in use."""
        path = redis_socket(Path(self.environment["CHATSITE_DATA_DIR"]))
        with redis.Redis(unix_socket_path=str(path)) as connection:
            used: int = connection.info("memory")["used_memory"]
        return used / 1_048_576


def python(environment: dict[str, str], module: str, *arguments: str) -> Any:
    """What a module answers as JSON. Raises BenchError with what it wrote last."""
    command = [sys.executable, "-m", module, *arguments]
    with tempfile.TemporaryFile() as answer:  # a file: what is written to a pipe after uvloop ran may be cut
        done = subprocess.run(command, env=environment, cwd=ROOT, stdout=answer, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            raise BenchError(f"{module} failed: {done.stderr[-2000:].decode(errors='replace')}")
        answer.seek(0)
        return json.load(answer)


def catalog(folder: Path, **options: float) -> Path:
    """A catalog file with the model that is measured."""
    path = folder / "catalog.toml"
    path.write_text(CATALOG.format(**options))
    return path


def environment(folder: Path, port: int, *, database: str = "", model: str = "", **more: str) -> dict[str, str]:
    """The environment of a site in a folder; nothing of the caller's own site gets in but what is in ``more``.

    It serves what is measured or, where ``model`` is given, that one of the catalog.
    """
    measured = {"CHATSITE_CATALOG": str(folder / "catalog.toml"), "CHATSITE_MODEL": "bench"}
    foreign = ("CHATSITE_", "DJANGO_", "DATABASE_URL", "REDIS_URL")
    mine = {name: value for name, value in os.environ.items() if not name.startswith(foreign) or name in KEPT}
    return {
        **mine,
        "DJANGO_SETTINGS_MODULE": "chatsite.settings",
        "CHATSITE_DATA_DIR": str(folder / "data"),
        "CHATSITE_PORT": str(port),
        "CHATSITE_ADMIN_PASSWORD": ADMIN_PASSWORD,
        "CHATSITE_LOG_LEVEL": "WARNING",
        "CHATSITE_REPLY_TOKENS": str(MOST_TOKENS),
        **({"CHATSITE_MODEL": model} if model else measured),
        **({"DATABASE_URL": database} if database else {}),
        **more,
    }


@contextlib.contextmanager
def stops_on_signals() -> Iterator[None]:
    """A request to end becomes an exit, so that what runs is stopped on the way."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="chatsite-bench-") as folder:
        yield Path(folder)


@contextlib.contextmanager
def running(
    folder: Path, *, database: str = "", model: str = "", ready_s: float = READY_S, **more: str
) -> Iterator[Site]:
    """A ready site on the catalog in this folder, or with ``model`` on its own and those of its settings in ``more``.

    Raises BenchError with its last lines when it does not start.
    """
    port = _free_port()
    mine = environment(folder, port, database=database, model=model, **more)
    printed = folder / "printed"
    command = [sys.executable, str(TETHER), str(os.getpid()), sys.executable, str(ROOT / "manage.py"), "run"]
    with printed.open("wb") as output:
        supervisor = subprocess.Popen(
            command,
            env=mine,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_ready(supervisor, port, printed, ready_s)
        yield Site(port, mine, _processes(supervisor.pid))
    finally:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(STOP_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(supervisor: "subprocess.Popen[bytes]", port: int, printed: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not _is_ready(port):
        if supervisor.poll() is not None or time.monotonic() > deadline:
            raise BenchError(f"the site did not start:\n{printed.read_text(errors='replace')[-2000:]}")
        time.sleep(0.1)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _processes(supervisor: int) -> dict[str, list[int]]:
    """Its processes by name. One that is just starting may not have its title yet."""
    deadline = time.monotonic() + TITLES_S
    while True:
        lines = {pid: usage.command_line(pid) for pid in usage.descendants(supervisor)}
        found = {name: pid for pid, line in lines.items() for name, sign in SIGNS.items() if sign.search(line)}
        if missing := SIGNS.keys() - found.keys():
            if time.monotonic() > deadline:
                raise BenchError(f"the site runs no {', '.join(missing)} process, as far as /proc shows")
            time.sleep(0.1)
            continue
        site = {name: [pid, *usage.descendants(pid)] for name, pid in found.items()}
        return site | {"supervisor": [supervisor], "client": [os.getpid()]}

"""The site's processes, each alone, so that each can be killed alone: a Redis, one web process, two workers, the rest.

What dies is started again after half a second, as a supervisor does. All are tethered to this process.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from argparse import Namespace as Options
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

import httpx
import redis

from chatsite.bench import site as bench
from chatsite.bench import usage
from chatsite.environment import ROOT
from chatsite.supervisor import embedded_redis
from chatsite.supervisor.process import TETHER
from inference.presence import Presence, engines
from tests.faults.network import Network

START_AGAIN_S = 0.5
UP_S = 600.0  # on a machine that does other things; a quiet one takes five
WORKERS = ("worker-1", "worker-2")
MANAGE = [sys.executable, str(ROOT / "manage.py")]
SERVE = [sys.executable, "-m", "chatsite.serve"]
REAL_MODEL = "smollm2-135m-vllm"
REAL = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "1",  # its core in a process of its own
    "CHATSITE_REPLY_TOKENS": "250",
    "CHATSITE_TITLES": "false",
}
CATALOG = """
[[model]]
name = "faults"
label = "Echo"
engine = "scripted"
context_window = 131072
slots = {slots}

[model.options]
echo = true
ttft = 0.1
rate = {rate}
"""


class Part:
    """One process that runs, or will run again at ``start_at``."""

    def __init__(self, command: list[str], environment: dict[str, str], log: TextIO) -> None:
        self.start_at = 0.0
        self.held = False  # stays away until it is let go
        self._command = command
        self._environment = environment
        self._log = log
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._child.pid if self._child else 0

    @property
    def status(self) -> int | None:
        """How it ended last; negative for a signal."""
        return self._child.poll() if self._child else None

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *self._command],
            env=self._environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def signal(self, number: signal.Signals) -> None:
        """To its whole group when that is SIGKILL, so that what it started dies with it; else to it alone."""
        if self._child is None or self._child.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if number == signal.SIGKILL else os.kill)(self._child.pid, number)

    def wait(self, seconds: float) -> None:
        if self._child is not None:
            self._child.wait(seconds)


class Site:
    """The processes by name."""

    def __init__(self, folder: Path, port: int, environment: dict[str, str], network: Network) -> None:
        self.folder = folder
        self.port = port
        self.environment = environment
        self.network = network
        self.deaths: list[str] = []
        self._log = (folder / "printed").open("a")
        self.redis_folder = folder / "data" / "redis"
        self.redis_folder.mkdir(mode=0o700, exist_ok=True)
        self.redis_socket = folder / "data" / "redis.sock"
        server = [*network.redis_prefix, *embedded_redis.command(self.redis_socket, self.redis_folder)]
        self.parts = {"redis": self._part([*server, *network.redis_options]), **self._others()}

    @property
    def log(self) -> str:
        return (self.folder / "printed").read_text(errors="replace")

    def kill(self, name: str) -> None:
        self.parts[name].signal(signal.SIGKILL)

    def kill_engine_core(self, name: str) -> None:
        """Kill what a worker has started, not the worker."""
        for pid in usage.descendants(self.parts[name].pid):
            if "EngineCore" in usage.command_line(pid):
                os.kill(pid, signal.SIGKILL)

    def memory_mb(self) -> dict[str, float]:
        """Megabytes of each process's own, with those it started: a database file mapped into memory is not."""
        pids = {name: part.pid for name, part in self.parts.items() if part.is_running}
        return {name: sum(map(_own_mb, (pid, *usage.descendants(pid)))) for name, pid in pids.items()}

    async def keep(self) -> None:
        """Start again what died, for ever."""
        while True:
            await asyncio.sleep(0.05)
            for name, part in self.parts.items():
                if part.is_running or part.held:
                    continue
                if not part.start_at:
                    self.deaths.append(name)
                    part.start_at = time.monotonic() + START_AGAIN_S
                elif part.start_at <= time.monotonic():
                    part.start_at = 0.0
                    part.start()

    async def until(self, condition: Callable[[], bool], what: str, seconds: float = UP_S) -> None:
        deadline = time.monotonic() + seconds
        while not await asyncio.to_thread(condition):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {what} within {seconds:.0f} s:\n{self.log[-3000:]}")
            await asyncio.sleep(0.05)

    async def start(self) -> None:
        self.parts["redis"].start()
        await self.until(lambda: embedded_redis.answers(self.redis_socket), "Redis")
        for name, part in self.parts.items():
            if name != "redis":
                part.start()
        await self.until(self.answers, "web process")
        await self.has_a_spare()

    async def is_ready_for(self, *, taking: bool) -> None:
        """Wait until it can stand the next fault, after which replies change hands or do not."""
        if taking:
            await self.has_a_spare()

    async def has_a_spare(self) -> None:
        """Wait until both workers can take work."""
        await self.until(self._has_workers, "two workers", 300)

    def answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz", timeout=1).status_code == httpx.codes.OK
        return False

    def stop(self) -> None:
        """Kill all of it; nothing here must be kept."""
        for part in self.parts.values():
            part.signal(signal.SIGKILL)
        for part in self.parts.values():
            part.wait(10)
        self._log.close()

    def _others(self) -> dict[str, Part]:
        """All but Redis, in the order of their start."""
        return {
            "web": self._part(SERVE, REDIS_URL=self.network.url),
            **{name: self._part([*MANAGE, "inference_worker"]) for name in WORKERS},
            "background": self._part([*MANAGE, "background_worker"]),
            "scheduler": self._part([*MANAGE, "scheduler"]),
        }

    def _part(self, command: list[str], **more: str) -> Part:
        return Part(command, {**self.environment, **more}, self._log)

    def _has_workers(self) -> bool:
        return [one.state for one in self.presences()] == ["ready"] * len(WORKERS)

    def busy_workers(self) -> list[str]:
        """Workers that said lately that they write something; none while Redis is away."""
        return [name for name, live in self.live().items() if live]

    def live(self) -> dict[str, int]:
        """How many replies each worker said it writes; no worker at all while Redis is away."""
        try:
            live = {int(one.name.partition("@")[0].rpartition("-")[2]): one.live for one in self.presences()}
        except redis.RedisError:
            return {}
        return {name: live.get(self.parts[name].pid, 0) for name in WORKERS}

    def presences(self) -> list[Presence]:
        """What the workers say of themselves."""
        with redis.Redis(unix_socket_path=str(self.redis_socket)) as client:
            return engines(client)


def environment(folder: Path, options: Options, database: str, *, slots: int, rate: float) -> dict[str, str]:
    """The environment of a site whose engine echoes, or is real; settings of the caller's own site stay out of it."""
    if options.engine == "vllm":
        return bench.environment(folder, options.port, database=database, model=REAL_MODEL) | REAL
    (folder / "catalog.toml").write_text(CATALOG.format(slots=slots, rate=rate))
    return bench.environment(folder, options.port, database=database) | {"CHATSITE_MODEL": "faults"}


@asynccontextmanager
async def running(site: Site) -> AsyncIterator[None]:
    """The site, ready and kept alive; nothing of it is left afterwards."""
    keeping: asyncio.Task[None] | None = None
    try:
        await site.start()
        keeping = asyncio.create_task(site.keep())
        yield
    finally:
        if keeping:
            keeping.cancel()
        site.stop()


def _own_mb(pid: int) -> float:
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon:")), 0.0)
    return 0.0

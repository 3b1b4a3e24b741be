"""The two that are asked: a site, through a signed-in person's websocket, and the bare engine."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Protocol, cast

from django.conf import settings

from chatsite.bench import client, site, usage
from chatsite.bench.models.answer import Answer, of_frames
from chatsite.bench.models.plan import Asked, Plan
from chatsite.bench.site import BenchError, Site
from chatsite.environment import ROOT
from chatsite.supervisor.process import TETHER
from inference import gpu

READY_S = 900.0  # a large model is read from a slow disk
ANSWER_S = 600.0
CLOSE_S = 60.0
BARE = "bare"


class Side(Protocol):
    """Who is asked, under a name."""

    name: str

    async def ask(self, asked: Asked, streams: int) -> list[Answer]:
        """So many ask the same at once."""


class Loaded:
    """What a loaded engine took: seconds until it could be asked, and memory."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._gpu_mb = _gpu_mb()
        self.start_s = 0.0

    def is_ready(self) -> None:
        self.start_s = time.monotonic() - self._began

    @property
    def gpu_mb(self) -> float:
        """Megabytes of GPU memory, over all GPUs, that were free before."""
        return max(0.0, _gpu_mb() - self._gpu_mb)


def _gpu_mb() -> float:
    return sum(one.used_mb for one in gpu.devices())


class Bare:
    """The engine in its own process."""

    name = BARE

    def __init__(self, process: "subprocess.Popen[bytes]", loaded: Loaded) -> None:
        self._process = process
        self._input, self._output = _pipes(process)
        self.loaded = loaded

    async def ask(self, asked: Asked, streams: int) -> list[Answer]:
        told = await asyncio.to_thread(self.exchange, [(asked.text, asked.tokens)] * streams)
        return [Answer(**one) for one in told]

    def exchange(self, asked: Sequence[tuple[str, int]]) -> Any:
        """One line there, one line back."""
        with contextlib.suppress(BrokenPipeError):  # what it wrote, or did not, says why
            self._input.write(json.dumps(asked).encode() + b"\n")
            self._input.flush()
        return self.read()

    def read(self) -> Any:
        """The next line."""
        line = self._output.readline()
        if not line:
            raise BenchError("the bare engine's process ended")
        return json.loads(line)

    def rss_mb(self) -> float:
        return usage.usage(self._process.pid, *usage.descendants(self._process.pid)).rss_mb


class Through:
    """People at the sockets of a site, each with a session of their own; ``form`` as in docs/websocket.md."""

    def __init__(self, sockets: Sequence[client.Socket], form: str) -> None:
        self.name = form
        self._sockets = sockets

    async def ask(self, asked: Asked, streams: int) -> list[Answer]:
        sockets = self._sockets[:streams]
        for socket in sockets:
            put(socket, asked, html=self.name == "html")
        await asyncio.wait([socket.ended for socket in sockets], timeout=ANSWER_S)
        return [of_frames(socket.sent_at, socket.frames) for socket in sockets]


def put(socket: client.Socket, asked: Asked, *, html: bool) -> None:
    """Ask at this socket."""
    if socket.is_closed:
        raise BenchError("the site closed a socket")
    socket.ask(asked.text, html=html, parameters={"temperature": 0, "max_tokens": asked.tokens})


@contextlib.contextmanager
def through(catalog: Path, model: str, folder: Path, plan: Plan) -> Iterator[tuple[Site, Loaded]]:
    """A site of its own that serves the model and is ready. Raises BenchError when it does not start."""
    loaded = Loaded()
    settings_of_it = {
        "CHATSITE_CATALOG": str(catalog),
        "CHATSITE_TITLES": "false",  # the model writes them in slots that nobody needs, but would be measured beside
        "CHATSITE_REPLIES_AT_ONCE": str(plan.users),
        "CHATSITE_REPLY_TOKENS": str(max(plan.tokens, plan.rate_tokens)),
    }
    with site.running(folder, model=model, database=plan.database, ready_s=READY_S, **settings_of_it) as running:
        loaded.is_ready()
        yield running, loaded


@contextlib.contextmanager
def bare(catalog: Path, model: str, folder: Path) -> Iterator[Bare]:
    """A bare engine that is ready. Raises BenchError when it does not start."""
    loaded = Loaded()
    module = [sys.executable, "-m", "chatsite.bench.models.bare", str(catalog), model, str(settings.CACHE_DIR)]
    printed = folder / "bare"
    with printed.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(TETHER), str(os.getpid()), *module],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            start_new_session=True,
        )
    try:
        engine = Bare(process, loaded)
        try:
            ready = engine.read()
        except BenchError:
            process.wait(CLOSE_S)  # until it has said all
            raise BenchError(f"the bare engine did not start:\n{printed.read_text(errors='replace')[-2000:]}") from None
        if "error" in ready:
            raise BenchError(ready["error"])
        loaded.is_ready()
        yield engine
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """It ends when it can read no more; one that does not is killed."""
    asking, telling = _pipes(process)
    with contextlib.suppress(BrokenPipeError):
        asking.close()
    try:
        process.wait(CLOSE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # with what it started
        process.wait()
    telling.close()


def _pipes(process: "subprocess.Popen[bytes]") -> tuple[IO[bytes], IO[bytes]]:
    return cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)

"""What lies between the web process and Redis, and can be cut: a network of its own, or a proxy where that is refused.

In a namespace of its own Redis is reached over a pair of virtual interfaces; taking one down loses packets as a pulled
cable does. The proxy stops passing on bytes, which looks the same to a client but for the system's own retransmissions.
"""

import asyncio
import contextlib
import ctypes
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

PORT = 6379
CHUNK = 65_536
CLONE_NEWNET = 0x4000_0000  # unshare(2); Python names it from 3.12 on
Dial = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


def alone() -> None:
    """Go on in a network namespace of one's own, where the system allows that: this thread, and what it starts.

    A browser drops its connections and what it is loading when an interface comes or goes beside it (Chromium:
    ``net::ERR_NETWORK_CHANGED``): that of who works at this machine, and those of the tests that run meanwhile.
    """
    unshare = getattr(ctypes.CDLL(None), "unshare", None)
    if unshare and shutil.which("ip") and unshare(CLONE_NEWNET) == 0:
        ip("link", "set", "lo", "up")


class Network(Protocol):
    """``redis_prefix`` and ``redis_options`` complete the server's command; ``url`` is what the web process is told."""

    name: str
    url: str
    redis_prefix: list[str]
    redis_options: list[str]

    def cut(self) -> None: ...

    def mend(self) -> None: ...


class Namespace:
    """Redis in a network namespace, reached at a private address that exists on this machine alone."""

    name = "network namespace"

    def __init__(self) -> None:
        number = os.getpid() % 16384
        self._namespace = f"chatsite-{number}"
        self._near, self._far = f"cs{number}a", f"cs{number}b"
        net = f"198.18.{number // 64 % 256}.{number % 64 * 4}".rsplit(".", 1)
        self._here, self._there = (f"{net[0]}.{int(net[1]) + host}" for host in (1, 2))
        self.url = f"redis://{self._there}:{PORT}/0"
        self.redis_prefix = ["ip", "netns", "exec", self._namespace]
        self.redis_options = ["--port", str(PORT), "--bind", self._there, "--protected-mode", "no"]

    def make(self) -> None:
        """Raises CalledProcessError or OSError where the system refuses."""
        ip("netns", "add", self._namespace)
        ip("link", "add", self._near, "type", "veth", "peer", "name", self._far)
        ip("link", "set", self._far, "netns", self._namespace)
        ip("addr", "add", f"{self._here}/30", "dev", self._near)
        ip("link", "set", self._near, "up")
        ip("-n", self._namespace, "addr", "add", f"{self._there}/30", "dev", self._far)
        ip("-n", self._namespace, "link", "set", self._far, "up")

    def remove(self) -> None:
        for words in (("link", "del", self._near), ("netns", "del", self._namespace)):
            with contextlib.suppress(subprocess.CalledProcessError, OSError):
                ip(*words)

    def cut(self) -> None:
        ip("link", "set", self._near, "down")

    def mend(self) -> None:
        ip("link", "set", self._near, "up")


class Proxy:
    """A TCP relay to what ``dial`` reaches; while it is cut it holds back what both sides say, or says it late."""

    name = "TCP fault proxy"
    redis_prefix: list[str] = []  # noqa: RUF012 - never changed
    redis_options: list[str] = []  # noqa: RUF012 - never changed

    def __init__(self, dial: Dial) -> None:
        self.delay_s = 0.0
        self._dial = dial
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, address: str = "127.0.0.1") -> None:
        self._server = await asyncio.start_server(self._serve, address, 0)
        self.address, self.port = self._server.sockets[0].getsockname()
        self.url = f"redis://{self.address}:{self.port}/0"

    async def close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        self._open.clear()

    def mend(self) -> None:
        self._open.set()

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._relay(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._open.wait()
            there, back = await self._dial()
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_on(reader, back))
                both.create_task(self._pass_on(there, writer))
        except* OSError:
            pass
        finally:
            writer.close()

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.closing(sink):
            while data := await source.read(CHUNK):
                await asyncio.sleep(self.delay_s)
                await self._open.wait()
                sink.write(data)
                await sink.drain()
        raise ConnectionResetError


@asynccontextmanager
async def between(redis_socket: Path, *, proxy: bool = False) -> AsyncIterator[Network]:
    """The best that this system allows; ``proxy`` asks for the second best."""
    if not proxy:
        namespace = Namespace()
        try:
            namespace.make()
        except (subprocess.CalledProcessError, OSError):
            namespace.remove()
        else:
            try:
                yield namespace
            finally:
                namespace.remove()
            return
    relay = Proxy(partial(asyncio.open_unix_connection, redis_socket))
    await relay.start()
    try:
        yield relay
    finally:
        await relay.close()


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)

"""The hosts of a run and the network between them: namespaces on a bridge, or loopback addresses if those are refused.

In a namespace a host has an interface of its own; a link is cut by sending what it should carry to a card that nobody
has, so packets are lost both ways and nobody is told, as with a pulled cable. Without namespaces each link is a TCP
fault proxy. The machine itself is the host ``EDGE``: the proxy is there, and the people.
"""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import Protocol

from tests.faults.network import Proxy, ip

EDGE = "edge"
NOBODY = "02:00:00:00:00:01"
RATE = "512kbit"
QUEUE = "400ms"
SLOW_S = 0.1
Link = tuple[str, str, int]  # from a host to a port of another
Reach = dict[Link, tuple[str, int]]  # where the first finds the other


class Lan(Protocol):
    """``name`` and ``slow_is`` say what it is made of. A link can be cut and mended, a host be slow."""

    name: str
    slow_is: str

    def address(self, host: str) -> str: ...

    def prefix(self, host: str) -> list[str]: ...

    def links(self, wanted: Sequence[Link]) -> contextlib.AbstractAsyncContextManager[Reach]: ...

    def cut(self, one: str, other: str) -> None: ...

    def mend(self, one: str, other: str) -> None: ...

    def slow(self, host: str) -> None: ...

    def quick(self, host: str) -> None: ...


class Namespaces:
    """A bridge, and a network namespace for each host."""

    name = "network namespaces on a bridge"
    slow_is = f"{RATE} each way, {QUEUE} of queue (tbf)"

    def __init__(self, hosts: Sequence[str]) -> None:
        number = os.getpid() % 4096
        self._bridge = f"cb{number}"
        self._far = {host: f"chatsite-{number}-{host}" for host in hosts}
        self._near = {host: f"cb{number}n{place}" for place, host in enumerate(hosts)}
        block = 16 * number  # addresses of 198.19.0.0/16, which is for measurements within a network
        net, first = f"198.19.{block // 256}", block % 256 + 1
        self._addresses = {host: f"{net}.{first + place}" for place, host in enumerate((EDGE, *hosts))}

    def make(self) -> None:
        """Raises CalledProcessError or OSError where the system refuses."""
        ip("link", "add", self._bridge, "type", "bridge")
        ip("addr", "add", f"{self._addresses[EDGE]}/28", "dev", self._bridge)
        ip("link", "set", self._bridge, "up")
        for host, far in self._far.items():
            ip("netns", "add", far)
            ip("link", "add", self._near[host], "type", "veth", "peer", "name", "eth0", "netns", far)
            ip("link", "set", self._near[host], "master", self._bridge, "up")
            ip("-n", far, "addr", "add", f"{self._addresses[host]}/28", "dev", "eth0")
            ip("-n", far, "link", "set", "eth0", "up")
            ip("-n", far, "link", "set", "lo", "up")

    def remove(self) -> None:
        steps = [("netns", "del", far) for far in self._far.values()]
        steps += [("link", "del", near) for near in (*self._near.values(), self._bridge)]
        for words in steps:
            with contextlib.suppress(subprocess.CalledProcessError, OSError):
                ip(*words)

    def address(self, host: str) -> str:
        return self._addresses[host]

    def prefix(self, host: str) -> list[str]:
        return ["ip", "netns", "exec", self._far[host]]

    @asynccontextmanager
    async def links(self, wanted: Sequence[Link]) -> AsyncIterator[Reach]:
        yield {(one, other, port): (self._addresses[other], port) for one, other, port in wanted}

    def cut(self, one: str, other: str) -> None:
        for here, there in ((one, other), (other, one)):
            card = ("lladdr", NOBODY, "nud", "permanent")
            ip(*self._at(here), "neigh", "replace", self._addresses[there], *card, "dev", self._card(here))

    def mend(self, one: str, other: str) -> None:
        for here, there in ((one, other), (other, one)):
            ip(*self._at(here), "neigh", "del", self._addresses[there], "dev", self._card(here))

    def slow(self, host: str) -> None:
        shape = ("root", "tbf", "rate", RATE, "burst", "8kb", "latency", QUEUE)
        _run("tc", "qdisc", "replace", "dev", self._near[host], *shape)
        _run("tc", "-n", self._far[host], "qdisc", "replace", "dev", "eth0", *shape)

    def quick(self, host: str) -> None:
        _run("tc", "qdisc", "del", "dev", self._near[host], "root")
        _run("tc", "-n", self._far[host], "qdisc", "del", "dev", "eth0", "root")

    def _at(self, host: str) -> list[str]:
        return [] if host == EDGE else ["-n", self._far[host]]

    def _card(self, host: str) -> str:
        return self._bridge if host == EDGE else "eth0"


class Loopback:
    """An address of this machine for each host, and a fault proxy for each link."""

    name = "loopback addresses, each link through a TCP fault proxy"
    slow_is = f"{SLOW_S * 1000:.0f} ms later for each piece (fault proxy)"

    def __init__(self, hosts: Sequence[str]) -> None:
        number = os.getpid() % 60_000 + 256
        net = f"127.{number // 256}.{number % 256}"
        self._addresses = {EDGE: "127.0.0.1"} | {host: f"{net}.{place + 1}" for place, host in enumerate(hosts)}
        self._proxies: dict[Link, Proxy] = {}

    def address(self, host: str) -> str:
        return self._addresses[host]

    def prefix(self, host: str) -> list[str]:
        return []

    @asynccontextmanager
    async def links(self, wanted: Sequence[Link]) -> AsyncIterator[Reach]:
        async with AsyncExitStack() as stack:
            for link in wanted:
                one, other, port = link
                proxy = Proxy(partial(asyncio.open_connection, self._addresses[other], port))
                await proxy.start(self._addresses[one])
                stack.push_async_callback(proxy.close)
                self._proxies[link] = proxy
            yield {link: (proxy.address, proxy.port) for link, proxy in self._proxies.items()}

    def cut(self, one: str, other: str) -> None:
        for proxy in self._between(one, other):
            proxy.cut()

    def mend(self, one: str, other: str) -> None:
        for proxy in self._between(one, other):
            proxy.mend()

    def slow(self, host: str) -> None:
        self._delay(host, SLOW_S)

    def quick(self, host: str) -> None:
        self._delay(host, 0.0)

    def _between(self, *both: str) -> list[Proxy]:
        return [proxy for (one, other, _), proxy in self._proxies.items() if {one, other} == set(both)]

    def _delay(self, host: str, seconds: float) -> None:
        for (one, other, _), proxy in self._proxies.items():
            if host in (one, other):
                proxy.delay_s = seconds


@contextmanager
def opened(hosts: Sequence[str], *, loopback: bool = False) -> Iterator[Lan]:
    """The best that this system allows; ``loopback`` asks for the second best."""
    if not loopback:
        namespaces = Namespaces(hosts)
        try:
            namespaces.make()
        except (subprocess.CalledProcessError, OSError):
            namespaces.remove()
        else:
            try:
                yield namespaces
            finally:
                namespaces.remove()
            return
    yield Loopback(hosts)


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)

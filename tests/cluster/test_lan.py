"""The network of the cluster's run: what is cut is lost, what is mended flows again."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import lan
from tests.cluster.lan import EDGE, Lan, Loopback
from tests.faults import network

PORT = 7007
ECHO = f"""
import socket, sys
with socket.create_server((sys.argv[1], {PORT})) as listening:
    print("listening", flush=True)
    while True:
        line, _ = listening.accept()
        with line:
            while said := line.recv(100):
                line.sendall(said)
"""
PATIENCE_S = 15
SOON_S = 0.3


@contextmanager
def _echoing(made: Lan, host: str) -> Iterator[None]:
    command = [*made.prefix(host), sys.executable, "-c", ECHO, made.address(host)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert server.stdout.readline() == "listening\n"
        yield
        server.kill()


async def _talk(made: Lan) -> None:
    async with made.links([(EDGE, "one", PORT)]) as reach:
        reader, writer = await asyncio.open_connection(*reach[EDGE, "one", PORT])
        writer.write(b"a")
        assert await asyncio.wait_for(reader.read(1), PATIENCE_S) == b"a"
        made.cut(EDGE, "one")
        writer.write(b"b")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), SOON_S)
        made.mend(EDGE, "one")
        assert await asyncio.wait_for(reader.read(1), PATIENCE_S) == b"b"
        made.slow("one")
        writer.write(b"c")
        assert await asyncio.wait_for(reader.read(1), PATIENCE_S) == b"c"
        made.quick("one")
        writer.close()


def _talk_over_one(*, loopback: bool) -> None:
    with lan.opened(["one", "two"], loopback=loopback) as made, _echoing(made, "one"):
        assert isinstance(made, Loopback) or not loopback
        asyncio.run(_talk(made))


def _addresses() -> set[str]:
    with lan.opened(["one", "two"]) as made:
        return {made.address(host) for host in (EDGE, "one", "two")}


def _machines() -> set[str]:
    """The interfaces of this machine, whatever network the thread is in that asks."""
    listed = Path(f"/proc/{os.getpid()}/net/dev").read_text("ascii").splitlines()[2:]
    return {line.partition(":")[0].strip() for line in listed}


def _machines_meanwhile() -> set[str]:
    with lan.opened(["one", "two"]):
        return _machines()


def _alone(work: Callable[[], Any]) -> Any:
    """In a thread with a network of its own: these would disturb a browser test that runs meanwhile."""
    with ThreadPoolExecutor(1, initializer=network.alone) as thread:
        return thread.submit(work).result()


@pytest.mark.parametrize("loopback", [False, True], ids=["best", "loopback"])
def test_what_is_sent_over_a_cut_link_comes_when_it_is_mended(*, loopback: bool) -> None:
    _alone(partial(_talk_over_one, loopback=loopback))


def test_hosts_have_addresses_of_their_own() -> None:
    assert len(_alone(_addresses)) == 3


def test_the_machines_own_network_stays_as_it_is() -> None:
    before = _machines()
    assert _alone(_machines_meanwhile) == before

"""A Redis of one's own, for tests that take it away."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from pytest_django import Settings

from chatsite.redis_socket import socket_url
from chatsite.supervisor import embedded_redis
from chatsite.supervisor.process import TETHER
from inference.events.client import blocking_client
from tests.waiting import until


class OwnRedis:
    """A real server that can be killed, started again, and made to forget."""

    def __init__(self, folder: Path) -> None:
        self._spec = embedded_redis.spec(folder / "redis.sock", folder / "kept")
        self._kept = folder / "kept"
        self.url = socket_url(folder / "redis.sock")

    def start(self) -> None:
        command = [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *self._spec.command]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)
        until(self._spec.is_up, what="Redis")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def forget(self) -> None:
        """Lose what was kept. The server must be dead."""
        shutil.rmtree(self._kept)
        self._kept.mkdir()


@pytest.fixture
def own_redis(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnRedis]:
    """The server, and broker, that workers and web processes started after this talk to."""
    with tempfile.TemporaryDirectory(prefix="chatsite-redis-") as folder:
        server = OwnRedis(Path(folder))
        server.start()
        settings.REDIS_URL = server.url
        monkeypatch.setitem(current_app.conf, "broker_url", server.url.replace("unix://", "redis+socket://"))
        _connect_anew()
        yield server
        blocking_client().close()
        server.kill()
    monkeypatch.undo()
    _connect_anew()


def _connect_anew() -> None:
    """Forget connections to the server that was used before."""
    blocking_client.cache_clear()
    current_app._after_fork()

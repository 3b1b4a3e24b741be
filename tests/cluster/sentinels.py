"""A Redis with a replica and three Sentinels: the embedded server's own binary, as every part of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from chatsite.supervisor import embedded_redis
from chatsite.supervisor.process import TETHER
from tests.ports import free_port
from tests.waiting import until

SERVICE = "chatsite"
DOWN_AFTER_MS = 1000
CONFIGURATION = """port {port}
bind 127.0.0.1
dir {folder}
sentinel monitor {service} 127.0.0.1 {primary} 2
sentinel down-after-milliseconds {service} {down}
sentinel failover-timeout {service} 10000
"""


class Watched:
    """Two servers and those that watch them."""

    def __init__(self, folder: Path) -> None:
        self.ports = [free_port(), free_port()]
        self.sentinel_ports = [free_port() for _ in range(3)]
        self._folder = folder
        self._servers = [self._server(0), self._server(1, "--replicaof", f"127.0.0.1 {self.ports[0]}")]
        until(self._is_copied, seconds=30, what="a replica that has everything")
        self._sentinels = [self._sentinel(port) for port in self.sentinel_ports]
        until(self._know_each_other, seconds=30, what="Sentinels that know each other and the replica")

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.sentinel_ports)
        return f"sentinel://{hosts}/{SERVICE}/0"

    @property
    def primary(self) -> int:
        """Its port, as the Sentinels say."""
        with redis.Redis(port=self.sentinel_ports[0], decode_responses=True) as asked:
            return int(asked.sentinel_get_master_addr_by_name(SERVICE)[1])

    def kill_primary(self) -> None:
        process = self._servers[self.ports.index(self.primary)]
        process.kill()
        process.wait()

    def close(self) -> None:
        for process in (*self._sentinels, *self._servers):
            process.send_signal(signal.SIGKILL)
            process.wait()

    def _server(self, number: int, *more: str) -> "subprocess.Popen[bytes]":
        folder = self._folder / f"server-{number}"
        folder.mkdir()
        command = embedded_redis.command(folder / "redis.sock", folder)
        command[command.index("--port") + 1] = str(self.ports[number])
        return self._run([*command, "--bind", "127.0.0.1", "--protected-mode", "no", *more])

    def _sentinel(self, port: int) -> "subprocess.Popen[bytes]":
        folder = self._folder / f"sentinel-{port}"
        folder.mkdir()
        said = {"port": port, "folder": folder, "service": SERVICE, "primary": self.ports[0], "down": DOWN_AFTER_MS}
        (folder / "sentinel.conf").write_text(CONFIGURATION.format(**said))
        binary = embedded_redis.command(folder / "unused", folder)[0]
        return self._run([binary, str(folder / "sentinel.conf"), "--sentinel"])

    def _run(self, command: list[str]) -> "subprocess.Popen[bytes]":
        tethered = [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *command]
        return subprocess.Popen(tethered, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def _is_copied(self) -> bool:
        try:
            with redis.Redis(port=self.ports[1], decode_responses=True) as replica:
                return bool(replica.info("replication")["master_link_status"] == "up")
        except redis.RedisError:
            return False

    def _know_each_other(self) -> bool:
        try:
            return all(self._knows(port) for port in self.sentinel_ports)
        except redis.RedisError:
            return False

    def _knows(self, port: int) -> bool:
        with redis.Redis(port=port, decode_responses=True) as asked:
            told = asked.sentinel_master(SERVICE)
        return bool(told["num-slaves"] == 1 and told["num-other-sentinels"] == 2)


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    """Running, each part knowing the others."""
    made = Watched(folder)
    try:
        yield made
    finally:
        made.close()

"""The services of compose.yml as processes: their commands and environments, with this machine's folders."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from chatsite.supervisor.process import TETHER
from tests import postgres
from tests.deploy.files import ROOT, compose, dockerfile, image_environment
from tests.ports import free_port
from tests.stores import OwnRedis
from tests.waiting import until

VOLUMES = ("secrets", "monitoring", "data", "cache")
PATIENCE_S = 90
MODEL = "scripted"


class Machine:
    """What containers find on theirs: volumes, PostgreSQL and Redis. ``ports`` of the containers are others here."""

    def __init__(self, folder: Path, cluster: postgres.Cluster, redis: OwnRedis) -> None:
        self.folder = folder
        self.services = compose(CHATSITE_MODEL=MODEL)
        self.ports = {name: free_port() for name in ("8000", "9101", "9102")}
        self._socket = cluster.folder
        self._redis = redis
        for name in VOLUMES:
            (folder / name).mkdir()

    def environment(self, service: str) -> dict[str, str]:
        """The image's and the service's; nothing of this process's but where programs are."""
        said = image_environment() | {
            str(name): str(value) for name, value in self._of(service, "environment", {}).items()
        }
        said |= {"CHATSITE_BIND": "127.0.0.1", "CHATSITE_METRICS_BIND": "127.0.0.1", "CHATSITE_PORT": "8000"}
        said |= {"REDIS_URL": self._redis.url, "CHATSITE_PROXIES": "127.0.0.1"}
        here = {name: self._here(str(value)) for name, value in said.items()}
        return here | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(self.folder)}

    def command(self, service: str) -> list[str]:
        """The service's, or the image's."""
        words = self._of(service, "command", ["python", "-m", "chatsite.serve"])
        return [self._here(word) for word in words]

    def health(self, service: str) -> list[str]:
        """How a container of this service is asked whether it is well."""
        (image,) = dockerfile()["site"].of("HEALTHCHECK")
        asked = self._of(service, "healthcheck", {}).get("test") or ["CMD", *json.loads(image.partition("CMD ")[2])]
        return [self._here(word) for word in asked[1:]]

    def once(self, service: str, command: list[str] | None = None) -> str:
        """Run it to its end, which must be a good one; what it printed."""
        done = subprocess.run(
            command or self.command(service),
            env=self.environment(service),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def running(self, *services: str) -> Iterator[None]:
        """All of them, until the block ends; each must then end in order, within the time it is given."""
        started = {name: self._start(name) for name in services}
        try:
            yield
            for name, process in started.items():
                process.send_signal(signal.SIGTERM)
                assert process.wait(int(self._of(name, "stop_grace_period", "10s")[:-1])) in {0, -signal.SIGTERM}, name
        finally:
            for process in started.values():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def is_well(self, service: str) -> bool:
        environment, quiet = self.environment(service), subprocess.DEVNULL
        return (
            subprocess.run(self.health(service), env=environment, cwd=ROOT, stderr=quiet, check=False).returncode == 0
        )

    def printed(self) -> str:
        return "\n".join(file.read_text(errors="replace")[-2000:] for file in sorted(self.folder.glob("*.log")))

    def wait_until_well(self, *services: str) -> None:
        for name in services:
            try:
                until(partial(self.is_well, name), seconds=PATIENCE_S, what=name)
            except AssertionError as error:
                raise AssertionError(f"{error}\n{self.printed()}") from None

    def move_database(self) -> None:
        """The server here is another than ``postgres``; the password is the one that was made."""
        password = (self.folder / "secrets" / "database_password").read_text()
        with psycopg.connect(host=str(self._socket), user=postgres.USER, dbname="postgres", autocommit=True) as admin:
            admin.execute(f"CREATE ROLE chatsite LOGIN PASSWORD '{password}'")
            admin.execute("CREATE DATABASE chatsite OWNER chatsite")
        url = self.folder / "secrets" / "database_url"
        made = url.read_text()
        assert "@postgres/" in made
        url.write_text(made.replace("@postgres/", "@/") + f"?host={quote(str(self._socket), safe='')}")

    def _of(self, service: str, key: str, default: Any) -> Any:
        return self.services[service].get(key, default)

    def _here(self, text: str) -> str:
        """Folders and ports of this machine in place of the container's."""
        if text == "/app/collected":
            return str(self.folder / "collected")
        if any(text == f"/{name}" or text.startswith(f"/{name}/") for name in VOLUMES):
            return f"{self.folder}{text}"
        port, slash, path = text.partition("/")
        return f"{self.ports.get(port, port)}{slash}{path}"

    def _start(self, service: str) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{service}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *self.command(service)],
                env=self.environment(service),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

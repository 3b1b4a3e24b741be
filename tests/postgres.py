"""A PostgreSQL cluster for one test run, on a Unix socket in a folder of its own, stopped by its process id."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
USER = "tests"


class Cluster:
    """A server that can be stopped and started again."""

    def __init__(self, folder: Path, as_user: dict[str, Any], prefix: Sequence[str], address: str) -> None:
        self.folder = folder
        self._as_user = as_user
        self._prefix = prefix
        self._address = address

    def start(self) -> None:
        settings = (*SETTINGS, f"listen_addresses={self._address}")
        options: list[str | Path] = [part for setting in settings for part in ("-c", setting)]
        command = [*self._prefix, _binary("postgres"), "-D", "data", "-k", self.folder, *options]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(command, stderr=log, start_new_session=True, **self._as_user)
        _wait(self._server, self.folder)

    def stop(self) -> None:
        self._server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        self._server.wait(30)


@contextmanager
def cluster(folder: Path, *, prefix: Sequence[str] = (), address: str = "") -> Iterator[Cluster]:
    """Run a cluster whose socket is in ``folder``, with the superuser ``tests``. As root, it runs as another user.

    With ``address`` it listens there, too; a command in ``prefix`` leads to where that is.
    """
    user = _unprivileged()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if user:
        shutil.chown(folder, user)
    as_user: dict[str, Any] = {"cwd": folder, "user": user}
    how = ["--username", USER, "--auth", "trust", "--no-sync", "--encoding", "UTF8"]
    initdb = [_binary("initdb"), "--pgdata", "data", *how]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, **as_user)
    if address:
        with (folder / "data" / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samenet trust\n")
    if prefix and user:  # which must lead there as root
        as_user, prefix = {"cwd": folder}, (*prefix, *_dropping(user))
    server = Cluster(folder, as_user, prefix, address)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> str | None:
    if os.geteuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _dropping(user: str) -> tuple[str, ...]:
    entry = pwd.getpwnam(user)
    return ("setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups")


def _binary(name: str) -> str:
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    found = shutil.which(name) if not versions else str(versions[-1])
    if found is None:
        raise FileNotFoundError(f"{name} is not installed; PostgreSQL's server package has it.")
    return found


def _wait(server: "subprocess.Popen[Any]", folder: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with psycopg.connect(host=str(folder), user=USER, dbname="postgres"):
                return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}")

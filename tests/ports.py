"""Ports for what tests start."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

BELOW_THE_SYSTEMS = range(20_000, 32_000)  # whoever asks a system for any port is given one above these
_chance = random.SystemRandom()  # the runs of the tests may have one seed
_held: list[int] = []


def free_port() -> int:
    """A port at which nobody listens, and which no other process of tests is given while this one lives."""
    folder = Path(tempfile.gettempdir()) / "chatsite-ports"
    folder.mkdir(exist_ok=True)
    while True:
        port = _chance.choice(BELOW_THE_SYSTEMS)
        lock = os.open(folder / str(port), os.O_CREAT | os.O_RDWR)
        if _is_ours(lock) and _is_free(port):
            _held.append(lock)
            return port
        os.close(lock)


def _is_ours(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

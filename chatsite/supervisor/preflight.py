"""What must hold before anything starts. Each failure is one line that says what is wrong and what to do."""

import errno
import fcntl
import os
import shutil
import socket
from pathlib import Path
from typing import IO

import redis

from inference import sentinels

FREE_MB_NEEDED = 500


class StartError(Exception):
    """The site cannot start; the text is one line for the person who started it."""


def keep_private(data: Path) -> None:
    """From now on what the site writes is for its own user only, in a folder that others may enter, too."""
    os.umask(0o077)
    for older in data.glob("chatsite.sqlite3*"):
        older.chmod(0o600)


def lock(data: Path) -> IO[str]:
    """Make the data folder ours while the returned file is open. Raises StartError when another site has it."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.fdopen(os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = handle.read().strip()
        handle.close()
        raise StartError(
            f"the data folder {data} is in use by another run of the site (process {owner or 'unknown'}). "
            "Stop that one, or choose another folder with CHATSITE_DATA_DIR."
        ) from None
    handle.write(f"{os.getpid():<10}\n")
    handle.flush()
    return handle


def check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                advice = f"is in use by another program. Choose another: CHATSITE_PORT={port + 1}"
            else:
                advice = f"cannot be used: {error.strerror}. See CHATSITE_PORT and CHATSITE_BIND"
            raise StartError(f"port {port} on {host} {advice}.") from None
        except OverflowError:
            raise StartError(f"CHATSITE_PORT={port} is not a port; ports are 1 to 65535.") from None


def check_space(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free // 2**20
    if free < FREE_MB_NEEDED:
        raise StartError(
            f"the disk is full: {free} MB are free for {folder}, and the site needs {FREE_MB_NEEDED} MB. "
            "Make room, or choose another folder with CHATSITE_DATA_DIR or CHATSITE_CACHE_DIR."
        )


def check_redis(url: str) -> None:
    """Raise StartError unless the Redis that an administrator named answers."""
    try:
        client = sentinels.client(url, socket_timeout=5, socket_connect_timeout=5)
    except ValueError as error:
        raise StartError(f"REDIS_URL is not the address of a Redis: {error}") from None
    try:
        client.ping()
    except redis.RedisError as error:
        raise StartError(f"the Redis of REDIS_URL does not answer: {error}") from None
    finally:
        client.close()

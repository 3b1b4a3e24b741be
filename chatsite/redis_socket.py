"""Where the embedded Redis listens."""

import hashlib
import os
from pathlib import Path
from urllib.parse import quote

LONGEST = 100  # bytes; systems allow 104 to 108 for a socket's path


def redis_socket(data: Path) -> Path:
    """The socket in the data folder or, where that path is too long for a socket, in a short private folder."""
    usual = data / "redis.sock"
    if len(os.fsencode(usual)) <= LONGEST:
        return usual
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path("/tmp") / f"chatsite-{os.geteuid()}-{digest}" / "redis.sock"  # noqa: S108 - the supervisor checks whose it is


def socket_url(path: Path) -> str:
    """The path as redis-py's URL, with its unusual characters quoted."""
    return f"unix://{quote(str(path))}"

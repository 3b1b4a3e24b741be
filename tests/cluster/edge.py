"""The proxy before the web processes: nginx with the configuration that we ship, without TLS, and with both in it."""

import os
from collections.abc import Sequence
from pathlib import Path

from tests.ports import free_port
from tests.proxy.shipped import NGINX, SHIPPED, program

SERVER = "server 127.0.0.1:8000 max_fails=0;"


def command(folder: Path, port: int, webs: Sequence[tuple[str, int]]) -> list[str]:
    """How to start it on this port. Raises FileNotFoundError where there is no nginx."""
    binary = program("nginx")
    if binary is None:
        raise FileNotFoundError("nginx is not installed; the cluster's proxy needs it.")
    folder.mkdir(exist_ok=True)
    (folder / "site.conf").write_text(_site(port, webs))
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user="" if os.geteuid() else "user root;"))
    return [binary, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]


def _site(port: int, webs: Sequence[tuple[str, int]]) -> str:
    shipped = "".join(
        line for line in (SHIPPED / "nginx.conf").read_text().splitlines(keepends=True) if " ssl_" not in line
    )
    for theirs, ours in (
        (SERVER, "\n".join(SERVER.replace("127.0.0.1:8000", f"{address}:{listens}") for address, listens in webs)),
        ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{port};"),
        ("chat.example.org", "127.0.0.1"),
    ):
        assert theirs in shipped
        shipped = shipped.replace(theirs, ours)
    return shipped

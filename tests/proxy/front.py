"""A real proxy with the configuration that we ship, in front of a small application behind the site's own edge."""

import asyncio
import os
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import uvicorn
from django.test import override_settings

from chatsite.bodies import BoundedBodies
from chatsite.headers import SafeHeaders
from chatsite.patience import Patient
from chatsite.proxies import BehindProxies
from tests.ports import free_port
from tests.proxy.shipped import NGINX, SHIPPED, program


@dataclass
class Behind:
    """What the application was asked, and when it may go on with a stream."""

    scopes: list[Any] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await self._echo(receive, send)
        elif scope["path"].endswith("/events"):
            await self._stream(send)
        else:
            await self._tell(scope, receive, send)

    async def _tell(self, scope: Any, receive: Any, send: Any) -> None:
        size, more = 0, True
        while more:
            event = await receive()
            size, more = size + len(event.get("body", b"")), event.get("more_body", False)
        names = {name.decode(): value.decode() for name, value in scope["headers"]}
        said = {"client": scope["client"][0], "scheme": scope["scheme"], "size": size, "headers": names}
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": orjson.dumps(said)})

    async def _stream(self, send: Any) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: first\n\n", "more_body": True})
        await asyncio.to_thread(self.go_on.wait, 10)
        await send({"type": "http.response.body", "body": b"data: second\n\n"})

    async def _echo(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": event["text"]})


@dataclass
class Front:
    """The proxy, as people reach it."""

    behind: Behind
    port: int
    plain_port: int
    trust: ssl.SSLContext

    def client(self, address: str = "127.0.0.2") -> httpx.Client:
        """One who asks from another address than the proxy does."""
        transport = httpx.HTTPTransport(verify=self.trust, local_address=address)
        return httpx.Client(base_url=f"https://localhost:{self.port}", transport=transport, timeout=20)


@contextmanager
def served(application: Any) -> Iterator[int]:
    """The port of a server with the site's own protocols and edge around an application."""
    with override_settings(PROXIES=["127.0.0.1"]):
        app = BehindProxies(_ByKind(SafeHeaders(BoundedBodies(application)), application))
    port = free_port()
    config = uvicorn.Config(
        app, port=port, http=Patient, ws="websockets-sansio", lifespan="off", log_config=None, proxy_headers=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    _until(lambda: server.started)
    yield port
    server.should_exit = True
    thread.join(10)


class _ByKind:
    def __init__(self, http: Any, websocket: Any) -> None:
        self._by_kind = {"http": http, "websocket": websocket}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._by_kind[scope["type"]](scope, receive, send)


@contextmanager
def front(name: str, folder: Path) -> Iterator[Front]:
    """nginx or caddy, listening."""
    binary = program(name)
    assert binary, f"{name} is not installed"
    behind = Behind()
    certificate, key = folder / "cert.pem", folder / "key.pem"
    _make_certificate(certificate, key)
    with served(behind) as site:
        port, plain = free_port(), free_port()
        command = {"nginx": _nginx, "caddy": _caddy}[name](folder, site, port, plain)
        environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
        with (folder / "printed").open("wb") as printed:
            process = subprocess.Popen([binary, *command], stdout=printed, stderr=printed, env=environment)
        try:
            trust = ssl.create_default_context(cafile=str(certificate))
            found = Front(behind, port, plain, trust)
            _until(lambda: _answers(found, process, folder))
            behind.scopes.clear()
            yield found
        finally:
            process.terminate()
            process.wait(20)


def _nginx(folder: Path, site: int, port: int, plain: int) -> list[str]:
    shipped = (SHIPPED / "nginx.conf").read_text()
    for theirs, ours in (
        ("server 127.0.0.1:8000 ", f"server 127.0.0.1:{site} "),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl http2;"),
        ("/etc/ssl/chat.example.org.pem", str(folder / "cert.pem")),
        ("/etc/ssl/chat.example.org.key", str(folder / "key.pem")),
        ("chat.example.org", "localhost"),
    ):
        assert theirs in shipped
        shipped = shipped.replace(theirs, ours)
    (folder / "site.conf").write_text(shipped)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user="" if os.geteuid() else "user root;"))
    return ["-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]


def _caddy(folder: Path, site: int, port: int, plain: int) -> list[str]:
    shipped = (SHIPPED / "Caddyfile").read_text()
    certificate = f"tls {folder / 'cert.pem'} {folder / 'key.pem'}"
    for theirs, ours in (
        ("{$CHATSITE_UPSTREAM:127.0.0.1:8000}", f"127.0.0.1:{site}"),
        ("\n{$CHATSITE_ADDRESS:chat.example.org} {", f"\nhttps://localhost:{port} {{\n\t{certificate}"),
        ("{$CHATSITE_CADDY_ADMIN:localhost:2019}", "off\n\tauto_https off"),
    ):
        assert theirs in shipped
        shipped = shipped.replace(theirs, ours)
    (folder / "Caddyfile").write_text(shipped)
    return ["run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


def _make_certificate(certificate: Path, key: Path) -> None:
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*made, *named, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)


def _answers(found: Front, process: "subprocess.Popen[bytes]", folder: Path) -> bool:
    assert process.poll() is None, (folder / "printed").read_text()
    try:
        with found.client() as client:
            return client.get("/").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _until(condition: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)

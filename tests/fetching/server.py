"""A real server of files on a loopback port, which also answers as the hub does, and misbehaves when it is told to."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "c" * 40
REPOSITORY = "owner/model"


@dataclass
class Server:
    """What it has, how it misbehaves, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    small: set[str] = field(default_factory=set)  # names that git itself keeps
    instead: dict[str, bytes] = field(default_factory=dict)  # what it sends in a file's place
    break_after: list[int] = field(default_factory=list)  # bytes of the next answers before it hangs up
    statuses: list[int] = field(default_factory=list)  # of the next answers, in place of a file
    announced: int | None = None  # the length it says, whatever it sends
    most: int | None = None  # bytes of a part that was asked for
    says_no_length: bool = False  # as a page made on the fly
    ignores_range: bool = False
    starts_elsewhere: bool = False
    says_of_size: str = ""  # with a part, whatever the file's size is
    elsewhere: str = ""  # the address of a server that has the files
    listing: Any = None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    address: str = ""

    def digest(self, name: str) -> str:
        data = self.files[name]
        if name in self.small:
            return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        return hashlib.sha256(data).hexdigest()

    def ranges(self, name: str) -> list[str]:
        """What parts of a file were asked for, in order; empty is all of it."""
        return [headers.get("range", "") for path, headers in self.asked if path.endswith(name)]

    def listed(self) -> Any:
        if self.listing is not None:
            return self.listing
        siblings = []
        for name, data in self.files.items():
            entry: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": "b" * 40}
            if name in self.small:
                entry["blobId"] = self.digest(name)
            else:
                entry["lfs"] = {"sha256": self.digest(name), "size": len(data)}
            siblings.append(entry)
        return {"sha": COMMIT, "siblings": siblings}


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Runs in a thread while the test does."""
    handler = type("Handler", (_Handler,), {"told": server})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        http.daemon_threads = True
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        server.address = f"http://127.0.0.1:{http.server_port}"
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    told: Server

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.told.asked.append((path, {name.lower(): value for name, value in self.headers.items()}))
        if self.told.statuses and (status := self.told.statuses.pop(0)) != 200:
            self._answer(status, b"", {})
        elif path.startswith(f"/api/models/{REPOSITORY}/revision/"):
            listed = self.told.listed()
            self._answer(200, listed if isinstance(listed, bytes) else json.dumps(listed).encode(), {})
        elif self.told.elsewhere:
            self._answer(302, b"", {"Location": f"{self.told.elsewhere}{self.path}"})
        else:
            self._send(path.removeprefix("/").removeprefix(f"{REPOSITORY}/resolve/{COMMIT}/"))

    def _send(self, name: str) -> None:
        told = self.told
        data = told.instead.get(name, told.files.get(name))
        if data is None:
            self._answer(404, b"", {})
            return
        asked = self.headers.get("Range", "")
        if not asked or told.ignores_range:
            self._answer(200, data, {})
            return
        first = int(asked.removeprefix("bytes=").partition("-")[0])
        if first >= len(data):
            self._answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
            return
        first = 0 if told.starts_elsewhere else first
        part, size = data[first:][: told.most], told.says_of_size or len(data)
        self._answer(206, part, {"Content-Range": f"bytes {first}-{first + len(part) - 1}/{size}"})

    def _answer(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        length = self.told.announced if status == 200 and self.told.announced is not None else len(data)
        is_file = status in {200, 206} and not self.path.startswith("/api/")
        if not (is_file and self.told.says_no_length):
            headers = {**headers, "Content-Length": str(length)}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if is_file and self.told.break_after:
            data = data[: self.told.break_after.pop(0)]
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        """Silent."""

"""Styles, scripts and pictures over HTTP: dozens come with the first page, so each has to cost little."""

from typing import Any

from django.conf import settings
from servestatic.asgi import ServeStaticASGI
from servestatic.responders import StaticFile

from chatsite.headers import NO_GUESSING, NOTHING_RUNS, OURS_ONLY, hsts


class StaticFiles(ServeStaticASGI):  # type: ignore[misc]  # the library has no types
    """ServeStatic's collected files in front of an application, but for how their bytes are read.

    All are small and in the system's cache: to read one on the event loop takes 50 µs. The library goes to threads to
    open, to read and to close it, and Django for what it does around each request: eight milliseconds a file.
    """

    def __init__(self, application: Any) -> None:
        root = settings.STATIC_ROOT if settings.STATIC_ROOT.is_dir() else None
        super().__init__(application, root, settings.STATIC_URL, allow_all_origins=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        file = self.files.get(scope["path"]) if scope["type"] == "http" else None
        if file is None:
            await self.application(scope, receive, send)
            return
        status, headers, content = _answer(file, scope)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


def _answer(file: StaticFile, scope: Any) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    asked = {
        f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}": value.decode("latin-1")
        for name, value in scope["headers"]
    }
    found = file.get_response(scope["method"], asked)
    content = b""
    if found.file is not None:
        with found.file:
            content = found.file.read()
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in found.headers if value is not None
    ]
    return int(found.status), [*_needed(headers), NO_GUESSING, OURS_ONLY, *_for(headers), *hsts()], content


def _needed(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Without what only a browser that asks again would look at, where none ever does."""
    if any(name == b"cache-control" and b"immutable" in value for name, value in headers):
        return [one for one in headers if one[0] not in {b"etag", b"last-modified"}]
    return headers


def _for(headers: list[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    """A picture may be opened as a page of its own, and then could run something; styles and scripts cannot."""
    return (NOTHING_RUNS,) if (b"content-type", b"image/svg+xml") in headers else ()

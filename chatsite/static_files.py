"""Styles, scripts and pictures over HTTP: dozens come with the first page, so each has to cost little."""

from typing import Any

from django.conf import settings
from servestatic.asgi import ServeStaticASGI
from servestatic.responders import StaticFile


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
    return int(found.status), [*headers, (b"x-content-type-options", b"nosniff")], content  # it is what its name says

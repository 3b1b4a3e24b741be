"""HTML goes compressed. Nothing else does here: static files are compressed beforehand, and a stream must not wait.

A page holds a secret (the CSRF token) beside words that others chose, so its length must not tell about it (the BREACH
attack): Django masks that token anew for each page, and here each page gets up to 100 bytes that count for nothing.
"""

import gzip
import re
import secrets
from collections.abc import Callable
from io import BytesIO
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware

LEVEL = 4
SMALLEST = 600  # bytes
AT_ONCE = 65_536  # bytes: 1 ms. More is compressed beside the event loop
PADDING = 100
TAKES_GZIP = re.compile(r"\b(gzip)\b(?!\s*;\s*q=0(?:\.0*)?(?:[,\s]|$))")


@sync_and_async_middleware
def compress_html(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Middleware: whole HTML pages as gzip for browsers that take it."""
    if iscoroutinefunction(get_response):

        async def later(request: HttpRequest) -> HttpResponse:
            response: HttpResponse = await get_response(request)
            if _is_page(response) and len(response.content) > AT_ONCE:
                await sync_to_async(_compress, thread_sensitive=False)(request, response)
            else:
                _compress(request, response)
            return response

        return later

    def at_once(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = get_response(request)
        _compress(request, response)
        return response

    return at_once


def _is_page(response: HttpResponse) -> bool:
    if response.streaming or response.has_header("Content-Encoding"):
        return False
    return response.get("Content-Type", "").startswith("text/html") and len(response.content) >= SMALLEST


def _compress(request: HttpRequest, response: HttpResponse) -> None:
    if not _is_page(response):
        return
    patch_vary_headers(response, ("Accept-Encoding",))
    if not TAKES_GZIP.search(request.META.get("HTTP_ACCEPT_ENCODING", "")):
        return
    response.content = compressed(response.content)
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Length"] = str(len(response.content))


def compressed(page: bytes) -> bytes:
    """As gzip, with a file name of random length in its header, which every reader passes over."""
    written = BytesIO()
    padding = "a" * secrets.randbelow(PADDING)
    with gzip.GzipFile(filename=padding, mode="wb", compresslevel=LEVEL, fileobj=written, mtime=0) as file:
        file.write(page)
    return written.getvalue()

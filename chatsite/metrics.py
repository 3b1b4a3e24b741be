"""``/metrics`` for Prometheus: of the web process on its own port, of each worker on one of its own."""

import ipaddress
import logging
import threading
import time
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_GET
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    disable_created_metrics,
    generate_latest,
    make_wsgi_app,
)

from conversations.replies.backlog import QueueCollector

AGAIN_S = 5.0  # between tries for a port that is taken

log = logging.getLogger(__name__)
disable_created_metrics()  # type: ignore[no-untyped-call]  # a third of all lines, which no one reads
_scrape = make_wsgi_app()
_queue = CollectorRegistry()
_queue.register(QueueCollector())


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """What this web process counts, and the queue as it is now. 404 for those who may not see it."""
    if not may_see(request.META):
        raise Http404
    return HttpResponse(generate_latest(REGISTRY) + generate_latest(_queue), content_type=CONTENT_TYPE_LATEST)


def may_see(environ: dict[str, Any]) -> bool:
    """Whether the request comes from this machine itself, or with the token that the settings name.

    A proxy on this machine speaks for others: what it passes on is not from here.
    """
    if settings.METRICS_TOKEN:
        given = environ.get("HTTP_AUTHORIZATION", "")
        if constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
            return True
    passed_on = "HTTP_X_FORWARDED_FOR" in environ or "HTTP_FORWARDED" in environ
    return not passed_on and _is_loopback(environ.get("REMOTE_ADDR", ""))


def serve(port: int) -> None:
    """Expose what this process counts on a port of its own, from now on; 0 is off. While it is taken, try again."""
    if port:
        threading.Thread(target=_serve, args=(port,), name="metrics", daemon=True).start()


def _serve(port: int) -> None:
    complained = False
    while True:
        try:
            server = make_server(settings.METRICS_BIND, port, _guarded, _Server, _Quiet)
            break
        except OSError as error:
            if not complained:
                log.warning("Metrics wait for port %d of %s: %s", port, settings.METRICS_BIND, error)
            complained = True
            time.sleep(AGAIN_S)
    server.serve_forever()


def _guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] != "/metrics" or not may_see(environ):
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"Not found\n"]
    return _scrape(environ, start_response)  # type: ignore[no-any-return]  # the library does not say


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    timeout = 10

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the parent's own word
        """Scrapes are not news."""

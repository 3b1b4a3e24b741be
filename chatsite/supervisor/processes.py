"""The processes of the site on one machine."""

import http.client
import sys

from django.conf import settings

from chatsite.supervisor import embedded_redis
from chatsite.supervisor.process import Spec


def site() -> list[Spec]:
    """In the order they start: what nobody waits for comes after what people see.

    The web process stops first, so that nobody's new message meets a stopping worker.
    """
    after = "redis" if settings.REDIS_IS_EMBEDDED else ""
    specs = [
        Spec("web", [sys.executable, "-m", "chatsite.serve"], 0, 12, web_answers, after),
        Spec("worker", _manage("inference_worker"), 1, 45, after=after),
        Spec("background", _manage("background_worker"), 1, 15, after="web"),
        Spec("scheduler", _manage("scheduler"), 1, 10, after="web"),
    ]
    if settings.REDIS_IS_EMBEDDED:
        specs.insert(0, embedded_redis.spec(settings.REDIS_SOCKET, settings.DATA_DIR / "redis"))
    return specs


def _manage(command: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), command]


def web_answers() -> bool:
    """Whether the web process answers at all; what it answers is for ``/readyz`` to say."""
    connection = http.client.HTTPConnection(reachable_host(), settings.PORT, timeout=1)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def reachable_host() -> str:
    """An address of the site from this machine: a wildcard address is listened on, not connected to."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.BIND, settings.BIND)  # noqa: S104

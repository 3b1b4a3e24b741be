"""Whether this web process is alive, and whether it can serve."""

from collections.abc import Callable

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

from inference import presence
from inference.events.client import blocking_client
from inference.serving import served_model


def alive(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"alive": True})


def ready(request: HttpRequest) -> JsonResponse:
    """Database, Redis and an engine for the served model answer; else 503 and which does not."""
    checks = {name: _passes(check) for name, check in _CHECKS.items()}
    return JsonResponse(checks, status=200 if all(checks.values()) else 503)


def _passes(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (DatabaseError, RedisError):
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def _redis() -> bool:
    return bool(blocking_client().ping())


def _engine() -> bool:
    return presence.state_of(blocking_client(), served_model()) == "ready"


_CHECKS = {"database": _database, "redis": _redis, "engine": _engine}

"""Whether this web process is alive, and whether it can serve."""

import asyncio
from collections.abc import Awaitable, Callable

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

from conversations.database import in_database
from conversations.streams import streams
from inference import presence
from inference.events.client import blocking_client
from inference.serving import served_model

PATIENCE_S = 3.0  # then a check has failed


def alive(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"alive": True})


async def ready(request: HttpRequest) -> JsonResponse:
    """All that a reply needs works from here; else 503 and which part does not.

    ``database`` and ``redis`` answer, an ``engine`` for the served model is ready, and ``push``: what this process
    publishes on the feed of replies reaches its own reader.
    """
    passed = await asyncio.gather(*(_passes(check) for check in _CHECKS.values()))
    return JsonResponse(dict(zip(_CHECKS, passed, strict=True)), status=200 if all(passed) else 503)


async def _passes(check: Callable[[], Awaitable[bool]]) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await check()
    except (DatabaseError, RedisError, TimeoutError):
        return False


async def _database() -> bool:
    return await in_database(_select_one)


async def _redis() -> bool:
    return bool(await asyncio.to_thread(blocking_client().ping))


async def _engine() -> bool:
    return await asyncio.to_thread(presence.state_of, blocking_client(), served_model()) == "ready"


async def _push() -> bool:
    return await (await streams()).probe.hears()


def _select_one() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


_CHECKS = {"database": _database, "redis": _redis, "engine": _engine, "push": _push}

"""Whether this web process is alive, and whether it can serve."""

import asyncio
from collections.abc import Awaitable, Callable

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

from conversations.database import in_database
from conversations.streams import streams
from inference import presence, serving
from inference.events.client import blocking_client

PATIENCE_S = 3.0  # then a check has failed


def alive(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"alive": True})


async def ready(request: HttpRequest) -> JsonResponse:
    """All that a reply needs works from here; else 503 and which part does not.

    ``database`` and ``redis`` answer, an ``engine`` for the default model is ready, and ``push``: what this process
    publishes on the feed of replies reaches its own reader. ``models`` says of each model that is served whether it is
    ready, starting or away; of others than the default that is no condition.
    """
    passed = await asyncio.gather(*(_passes(check) for check in _CHECKS.values()))
    said = {**dict(zip(_CHECKS, passed, strict=True)), "models": await _models()}
    return JsonResponse(said, status=200 if all(passed) else 503)


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
    return (await _states())[serving.names()[0]] == "ready"


async def _models() -> dict[str, str]:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return {**await _states()}
    except (RedisError, TimeoutError):
        return dict.fromkeys(serving.names(), "unknown")


async def _states() -> dict[str, presence.Hope]:
    return await asyncio.to_thread(presence.states_of, blocking_client(), serving.names())


async def _push() -> bool:
    return await (await streams()).probe.hears()


def _select_one() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


_CHECKS = {"database": _database, "redis": _redis, "engine": _engine, "push": _push}

"""``/readyz`` fails, and says where, when any part that a reply needs does not work from this process."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from django.db import OperationalError
from django.test import AsyncRequestFactory
from redis import Redis

from chatsite import health
from conversations.streams import Streams, streams
from inference import presence
from inference.events import probe as probe_module
from inference.events.client import blocking_client
from inference.events.items import FEED
from inference.events.probe import Probe
from inference.model import Model
from tests.stores import OwnRedis
from tests.waiting import until
from tests.workers import Hire

READY, AWAY, UNKNOWN = ({"models": {"scripted": state}} for state in ("ready", "away", "unknown"))
ALL_WELL = {"database": True, "redis": True, "engine": True, "push": True, **READY}

Ask = Callable[[], Any]


@pytest_asyncio.fixture
async def reading(transactional_db: None, no_connections_left: None) -> AsyncIterator[Streams]:
    """What the web process of this test's loop shares between its sockets."""
    mine = await streams()
    yield mine
    await mine.feed.close()


async def ask() -> tuple[int, dict[str, Any]]:
    response = await health.ready(AsyncRequestFactory().get("/readyz"))
    return response.status_code, json.loads(response.content)


async def at_work(hire: Hire) -> None:
    """A worker that has said that it is ready."""
    await asyncio.to_thread(hire)
    await asyncio.to_thread(until, lambda: presence.state_of(blocking_client(), "scripted") == "ready")


async def test_with_everything_up_it_is_ready(hire: Hire, reading: Streams) -> None:
    await at_work(hire)
    assert await ask() == (200, ALL_WELL)


async def test_without_an_engine_it_says_so(model: Model, reading: Streams) -> None:
    assert await ask() == (503, {**ALL_WELL, "engine": False, **AWAY})


async def test_a_reader_that_hears_nothing_is_deaf(
    hire: Hire, reading: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe_module, "PATIENCE_S", 0.1)
    await at_work(hire)
    reading.feed._tasks[0].cancel()
    assert await ask() == (503, {**ALL_WELL, "push": False})


async def test_without_redis_all_that_needs_it_fails(own_redis: OwnRedis, model: Model, reading: Streams) -> None:
    own_redis.kill()
    assert await ask() == (503, {"database": True, "redis": False, "engine": False, "push": False, **UNKNOWN})
    own_redis.start()


async def test_without_the_database_the_rest_is_told(
    hire: Hire, reading: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> bool:
        raise OperationalError("gone")

    monkeypatch.setattr(health, "_select_one", away)
    await at_work(hire)
    assert await ask() == (503, {**ALL_WELL, "database": False})


async def test_a_check_that_hangs_has_failed(hire: Hire, reading: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang() -> bool:
        await asyncio.Event().wait()
        return True

    monkeypatch.setattr(health, "PATIENCE_S", 0.2)
    monkeypatch.setitem(health._CHECKS, "database", hang)
    await at_work(hire)
    async with asyncio.timeout(10):  # on a busy machine others may take longer than this patience, too
        while await ask() != (503, {**ALL_WELL, "database": False}):
            pass


async def test_many_who_ask_share_one_probe_a_second(
    reading: Streams, empty_redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = Probe(reading.feed)
    assert all(await asyncio.gather(*(probe.hears() for _ in range(20))))
    assert empty_redis.xlen(FEED) == 1
    monkeypatch.setattr(probe_module, "EVERY_S", 0)
    assert await probe.hears()
    assert empty_redis.xlen(FEED) == 2
    assert not reading.feed._mailboxes

"""Workers say what they are, and hear orders when they do."""

import asyncio
from typing import Any

import orjson
import pytest
from redis import Redis

from inference import presence
from inference.events.client import async_client, blocking_client
from inference.presence import Order, Presence, State


def speak(name: str = "one", state: State = "ready", **more: Any) -> Order | None:
    """A worker of this name speaks; the order it hears."""
    fields: dict[str, Any] = {"model": "m", "label": "M", "engine": "scripted", "detail": "", "slots": 4, "live": 0}

    async def say_it() -> Order | None:
        client = async_client()
        order = await presence.announce(client, Presence(**{"name": name, "state": state, **fields, **more}))
        await client.aclose()
        return order

    return asyncio.run(say_it())


def test_ready_ones_come_first_and_silent_ones_are_forgotten(empty_redis: Redis) -> None:
    speak("a", "starting")
    speak("b")
    speak("c", "ending")
    assert [one.name for one in presence.engines(empty_redis)] == ["b", "a", "c"]
    empty_redis.delete("engine:b")  # as it expires
    assert [one.name for one in presence.engines(empty_redis)] == ["a", "c"]
    assert empty_redis.smembers(presence.NAMES) == {b"a", b"c"}


@pytest.mark.parametrize(
    ("states", "hope"),
    [
        ([], "away"),
        (["ending"], "away"),
        (["rebuilding"], "starting"),
        (["ending", "starting"], "starting"),
        (["starting", "ready"], "ready"),
        (["ending", "rebuilding", "ready"], "ready"),
    ],
)
def test_what_people_may_hope_for(empty_redis: Redis, states: list[State], hope: str) -> None:
    for number, state in enumerate(states):
        speak(f"worker-{number}", state)
    assert presence.state_of(blocking_client(), "m") == hope
    assert presence.state_of(blocking_client(), "another") == "away"


def test_an_order_is_heard_once_and_by_its_worker_only(empty_redis: Redis) -> None:
    speak("a")
    presence.leave_order(empty_redis, "a", "rebuild")
    assert 0 < empty_redis.ttl("engine:a:order") <= presence.ORDER_S
    assert speak("b") is None
    assert speak("a") == "rebuild"
    assert speak("a") is None


def test_an_order_of_a_newer_release_is_no_order(empty_redis: Redis) -> None:
    empty_redis.set("engine:a:order", "dance")
    assert speak("a") is None


def test_a_worker_of_another_release_is_understood_as_far_as_it_goes(empty_redis: Redis) -> None:
    speak("a", restarts=3)
    words = orjson.loads(empty_redis.get("engine:a") or b"")
    del words["memory"]
    empty_redis.set("engine:a", orjson.dumps({**words, "mood": "fine"}))
    (one,) = presence.engines(empty_redis)
    assert (one.restarts, one.memory) == (3, None)

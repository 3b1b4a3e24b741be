"""Which workers live, which model each holds and whether it can answer: what they say of themselves, often."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import orjson

NAMES = "engines"
LIVES_S = 7  # after its last word a worker counts as gone
EVERY_S = 2.0

State = Literal["starting", "ready"]


@dataclass(frozen=True, slots=True)
class Presence:
    """One worker. ``detail`` is a sentence on what it does or waits for; ``live`` counts the replies it writes."""

    name: str
    model: str
    label: str
    engine: str
    state: State
    detail: str
    slots: int
    live: int


def engines(client: Any) -> list[Presence]:
    """All workers that spoke lately, ready ones first."""
    names = sorted(client.smembers(NAMES))
    words = client.mget([_key(name.decode()) for name in names]) if names else []
    gone = [name for name, word in zip(names, words, strict=True) if word is None]
    if gone:
        client.srem(NAMES, *gone)
    return sorted((Presence(**orjson.loads(word)) for word in words if word), key=lambda one: one.state != "ready")


def state_of(client: Any, model: str) -> Literal["ready", "starting", "away"]:
    """What a person who waits for ``model`` may hope for."""
    return next((one.state for one in engines(client) if one.model == model), "away")


async def announce(client: Any, presence: Presence) -> None:
    """Say that this worker lives."""
    async with client.pipeline(transaction=False) as pipe:
        pipe.set(_key(presence.name), orjson.dumps(asdict(presence)), ex=LIVES_S)
        pipe.sadd(NAMES, presence.name)
        await pipe.execute()


async def leave(client: Any, name: str) -> None:
    """Say that this worker ends."""
    await client.delete(_key(name))


def _key(name: str) -> str:
    return f"engine:{name}"

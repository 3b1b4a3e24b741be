"""Which workers live, which model each holds and whether it can answer: what they say of themselves, often.

Who administers them may leave one an order, which it finds when it next speaks.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, cast, get_args

import orjson

NAMES = "engines"
LIVES_S = 7  # after its last word a worker counts as gone
EVERY_S = 2.0
ORDER_S = 30  # an order that nobody heard for so long is forgotten

State = Literal["starting", "ready", "rebuilding", "ending"]
Hope = Literal["ready", "starting", "away"]
Order = Literal["drain", "rebuild"]  # to end in order; to build the engine anew

_HOPE: dict[State, Hope] = {
    "ready": "ready",
    "starting": "starting",
    "rebuilding": "starting",
    "ending": "away",
}


@dataclass(frozen=True, slots=True)
class Presence:
    """One worker. ``detail`` is a sentence on what it does or waits for; ``live`` counts the replies it writes.

    ``memory`` (of the fullest GPU) and ``cache`` (the engine's KV cache) are shares in use, 0 to 1, None where unknown;
    ``restarts`` counts rebuilds of the engine since the process began, ``tokens_s`` tokens written a second since its
    last word.
    """

    name: str
    model: str
    label: str
    engine: str
    state: State
    detail: str
    slots: int
    live: int
    restarts: int = 0
    memory: float | None = None
    cache: float | None = None
    tokens_s: float = 0.0


_FIELDS = frozenset(field.name for field in fields(Presence))


def engines(client: Any) -> list[Presence]:
    """All workers that spoke lately, ready ones first."""
    names = sorted(client.smembers(NAMES))
    words = client.mget([_key(name.decode()) for name in names]) if names else []
    gone = [name for name, word in zip(names, words, strict=True) if word is None]
    if gone:
        client.srem(NAMES, *gone)
    return sorted((_read(word) for word in words if word), key=lambda one: one.state != "ready")


def state_of(client: Any, model: str) -> Hope:
    """What a person who waits for ``model`` may hope for."""
    return states_of(client, [model])[model]


def states_of(client: Any, models: Iterable[str]) -> dict[str, Hope]:
    """The same of each of these models."""
    workers = engines(client)
    return {model: _best({_HOPE[one.state] for one in workers if one.model == model}) for model in models}


def _best(hopes: set[Hope]) -> Hope:
    best: tuple[Hope, ...] = ("ready", "starting")
    return next((hope for hope in best if hope in hopes), "away")


def leave_order(client: Any, name: str, order: Order) -> None:
    """Ask a worker to do something; it hears of it when it next speaks."""
    client.set(_order_key(name), order, ex=ORDER_S)


async def announce(client: Any, presence: Presence) -> Order | None:
    """Say that this worker lives. Returns the order that was left for it."""
    async with client.pipeline(transaction=False) as pipe:
        pipe.set(_key(presence.name), orjson.dumps(asdict(presence)), ex=LIVES_S)
        pipe.sadd(NAMES, presence.name)
        pipe.getdel(_order_key(presence.name))
        order = (await pipe.execute())[-1]
    word = order.decode() if order else ""
    return cast("Order", word) if word in get_args(Order) else None


async def leave(client: Any, name: str) -> None:
    """Say that this worker ends."""
    await client.delete(_key(name))


def _read(word: bytes) -> Presence:
    """What a worker said; one of a newer release may say more."""
    return Presence(**{name: value for name, value in orjson.loads(word).items() if name in _FIELDS})


def _key(name: str) -> str:
    return f"engine:{name}"


def _order_key(name: str) -> str:
    return f"engine:{name}:order"

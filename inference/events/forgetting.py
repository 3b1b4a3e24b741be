"""What Redis and other web processes hold of replies that are gone."""

import logging
from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from redis.exceptions import RedisError

from inference.events.client import blocking_client
from inference.events.items import FEED, FEED_LENGTH, FIELD, Item, Part, key, pack

LATE_MS = 10_000  # a reader that is further behind than this reads the snapshots anyway
AT_ONCE = 500

Hearer = Callable[[UUID], None]
hearers: list[Hearer] = []  # in this process, of each message that another one deleted

log = logging.getLogger(__name__)


def forget(messages: Collection[UUID]) -> None:
    """Delete their live texts, tell all who read the feed, and cut what the feed still has of them off its end.

    Without Redis it logs so: snapshots are gone by themselves within minutes, the feed when a thousand flushes follow.
    """
    names = [str(one) for one in messages]
    try:
        for at in range(0, len(names), AT_ONCE):
            _forget(names[at : at + AT_ONCE])
    except RedisError as error:
        log.warning("Live texts of what was deleted stay for some minutes: %s", error)


def shorten() -> None:
    """Cut off the feed's end what nobody reads there any more. Without Redis it logs so: it is done again and again."""
    try:
        client = blocking_client()
        client.xtrim(FEED, minid=_too_late(client), approximate=False)
    except RedisError as error:
        log.warning("The feed stays as long as it is: %s", error)


def hear(name: str) -> None:
    """The feed says that this message is gone."""
    for hearer in hearers:
        hearer(UUID(name))


def _forget(names: list[str]) -> None:
    client = blocking_client()
    gone: list[Item] = [(name, 0, 0, int(Part.GONE), 0, b"") for name in names]
    with client.pipeline(transaction=False) as pipe:
        pipe.unlink(*(part for name in names for part in _parts(key(name))))
        pipe.xtrim(FEED, minid=_too_late(client), approximate=False)
        pipe.xadd(FEED, {FIELD: pack(gone)}, maxlen=FEED_LENGTH, approximate=True)
        pipe.execute()


def _too_late(client: Any) -> int:
    """Before this moment, by Redis' clock, as the feed names its entries."""
    seconds, microseconds = client.time()
    return int(seconds * 1000 + microseconds // 1000 - LATE_MS)


def _parts(name: str) -> tuple[str, ...]:
    return name, f"{name}:t", f"{name}:r", f"{name}:s"

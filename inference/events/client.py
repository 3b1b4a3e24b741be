"""Connections to Redis (or Valkey, which speaks the same protocol).

The clients are typed Any: redis-py annotates each answer as the union of what every protocol version and option gives.
"""

from functools import cache
from typing import Any

from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from inference import sentinels

TIMEOUT_S = 5.0


@cache
def blocking_client() -> Any:
    """The process's client for code that runs on threads.

    It tries a second time at once, for a connection that was closed meanwhile; redis-py's own pauses are for seconds.
    """
    return sentinels.client(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 1),
    )


def async_client() -> Any:
    """A new client for the running event loop; whoever makes it closes it.

    It never retries by itself: an answer that was lost must reach us as an error, or we would not know that Redis may
    have come back with less than we told it.
    """
    return sentinels.async_client(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )

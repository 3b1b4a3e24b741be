"""A Redis that Sentinels watch: ``sentinel://user:password@one:26379,two:26379/SERVICE/0``.

Whoever connects asks the Sentinels which server is the primary now, so after a failover new connections lead to
the new one. A plain address goes the same way through ``client``; only what it makes is another.
"""

from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, unquote, urlsplit

import redis
import redis.asyncio
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.sentinel import Sentinel, SentinelConnectionPool

SCHEME = "sentinel"
PORT = 26379
FORM = "sentinel://user:password@one:26379,two:26379/SERVICE/0"
PATIENCE_S = 2.0  # with one Sentinel, before the next is asked
ASKING = {"sentinel_kwargs": {"socket_timeout": PATIENCE_S}}  # as Celery and the channel layer want it


@dataclass(frozen=True, slots=True)
class Watched:
    """Which Sentinels watch it, under what name, and how one signs in to the servers themselves."""

    sentinels: tuple[tuple[str, int], ...]
    service: str
    database: int = 0
    username: str | None = None
    password: str | None = None

    @property
    def sign_in(self) -> dict[str, Any]:
        """Of the servers; the database goes with it."""
        given = {"username": self.username, "password": self.password}
        return {"db": self.database, **{name: value for name, value in given.items() if value is not None}}

    @property
    def channel_host(self) -> dict[str, Any]:
        """As the channel layer wants it."""
        return {"sentinels": list(self.sentinels), "master_name": self.service, **ASKING, **self.sign_in}

    @property
    def broker_url(self) -> str:
        """As Celery wants it: each Sentinel an address, with what signs in to the servers."""
        user, password = quote(self.username or "", safe=""), quote(self.password or "", safe="")
        who = f"{user}:{password}@" if password else ""
        hosts = [(f"[{host}]" if ":" in host else host, port) for host, port in self.sentinels]
        return ";".join(f"sentinel://{who}{host}:{port}/{self.database}" for host, port in hosts)


def watched(url: str) -> Watched | None:
    """What a URL says of Sentinels; None for any other. Raises ValueError that says what it must look like."""
    parts = urlsplit(url)
    if parts.scheme != SCHEME:
        return None
    who, _, where = parts.netloc.rpartition("@")
    username, _, password = who.partition(":")
    service, _, database = parts.path.strip("/").partition("/")
    sentinels = tuple(_host(one) for one in where.split(",") if one)
    if not sentinels or not service or not (database or "0").isdigit():
        raise ValueError(f"it must look like {FORM}")
    return Watched(sentinels, service, int(database or 0), unquote(username) or None, unquote(password) or None)


def client(url: str, **options: Any) -> redis.Redis:
    """A client for threads, of a plain address or of what Sentinels watch."""
    there = watched(url)
    if there is None:
        return redis.Redis.from_url(url, **options)
    named = {**there.sign_in, **options}
    return cast("redis.Redis", _sentinel(there).master_for(there.service, **named))  # type: ignore[no-untyped-call]


def async_client(url: str, **options: Any) -> redis.asyncio.Redis:
    """The same for the running event loop."""
    there = watched(url)
    if there is None:
        return redis.asyncio.Redis.from_url(url, **options)
    sentinel = AsyncSentinel(there.sentinels, socket_timeout=PATIENCE_S)  # type: ignore[no-untyped-call]
    made: redis.asyncio.Redis = sentinel.master_for(there.service, **there.sign_in, **options)
    return made


class Pool(SentinelConnectionPool):
    """Connections for Django's cache, which knows pools by their URL."""

    @classmethod
    def from_url(cls, url: str, **options: Any) -> "Pool":
        there = watched(url)
        if there is None:
            raise ValueError(f"{FORM} is expected")
        return cls(there.service, _sentinel(there), **there.sign_in, **options)


def _sentinel(there: Watched) -> Sentinel:
    return Sentinel(there.sentinels, socket_timeout=PATIENCE_S)  # type: ignore[no-untyped-call]


def _host(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, str(PORT)
    if not host or not port.isdigit():
        raise ValueError(f"it must look like {FORM}")
    return host.strip("[]"), int(port)

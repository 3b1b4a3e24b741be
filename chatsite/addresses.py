"""The addresses of the database and of Redis. They hold passwords: what is wrong with one is said without it."""

import re
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from inference.sentinels import SCHEME, Watched, watched

DATABASE_FORM = "postgres://user:password@host:5432/name"
REDIS_FORM = "redis://user:password@host:6379/0"
ENCODED = "In the user and the password, write / as %2F, ? %3F, # %23, @ %40, : %3A, [ %5B, ] %5D and % as %25."

# A machine that is gone says nothing: without these a query waits for its answer for a quarter of an hour.
GIVE_UP = {"connect_timeout": 5, "tcp_user_timeout": 15_000}  # seconds; milliseconds
KEEP_ALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}


def database(url: str) -> dict[str, Any]:
    """Django's settings for a database URL. PostgreSQL connections come from a pool: a new one costs 10 ms.

    Raises ImproperlyConfigured.
    """
    if url.partition("://")[0] not in environ.Env.DB_SCHEMES:  # of which environ warns, password and all
        raise ImproperlyConfigured(f"DATABASE_URL is not of the kind {DATABASE_FORM}.")
    if _is_cut(url, "[/?]"):
        raise _unreadable("DATABASE_URL", DATABASE_FORM)
    try:
        settings: dict[str, Any] = environ.Env.db_url_config(url)
    except ValueError:  # it says what should have been the port
        raise _unreadable("DATABASE_URL", DATABASE_FORM) from None
    if "postgresql" in settings["ENGINE"]:
        pool = {"min_size": 1, "max_size": 16, "timeout": 10}
        settings["OPTIONS"] = {**GIVE_UP, **KEEP_ALIVE, **settings.get("OPTIONS", {}), "pool": pool}
    return settings


def watched_redis(url: str) -> Watched | None:
    """What Redis's URL says of Sentinels; None for one without. Raises ImproperlyConfigured."""
    if _is_cut(url, "[/?#]") or not (url.startswith(f"{SCHEME}://") or _has_port(url)):
        raise _unreadable("REDIS_URL", REDIS_FORM)
    try:
        return watched(url)
    except ValueError as error:
        raise ImproperlyConfigured(f"REDIS_URL names Sentinels, and {error}.") from None


def _is_cut(url: str, ends: str) -> bool:
    """Whether a password's own character ends the host: the rest of the password would be told as a path or port."""
    where, *rest = re.split(ends, url.partition("://")[2], maxsplit=1)
    return bool(where) and any("@" in part for part in rest)


def _has_port(url: str) -> bool:
    """Whether what stands where the port does could be one."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _unreadable(name: str, form: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is not of the kind {form}. {ENCODED}")

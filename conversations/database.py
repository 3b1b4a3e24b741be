"""Database work from coroutines, on threads of its own.

In Django's shared thread one slow query would delay every socket of the process, and a thread a reply would open a
connection a reply.
"""

import asyncio
import functools
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections, connections
from django.utils import translation

P = ParamSpec("P")
R = TypeVar("R")

THREADS = 4
RETRY_S = 0.3  # between tries while the database is away

log = logging.getLogger(__name__)

_executor = ThreadPoolExecutor(THREADS, thread_name_prefix="database")
_urgent = ThreadPoolExecutor(1, thread_name_prefix="urgent")


async def in_database(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a function that uses the ORM, in the caller's language, and return its result.

    A broken connection is replaced before the next call.
    """
    return await _on(_executor, function, *args, **kwargs)


async def at_once(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """The same for what cannot wait until the others, which may be compiling rules for seconds, let go of a thread."""
    return await _on(_urgent, function, *args, **kwargs)


async def persistently(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Database work that must be done: while the database is away, it is tried again."""
    while True:
        try:
            return await in_database(function, *args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            log.warning("The database is away: %s. Trying again.", error)
            await asyncio.sleep(RETRY_S)


async def _on(executor: ThreadPoolExecutor, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    language = translation.get_language()  # which asgiref keeps to this thread, whatever the context
    call = functools.partial(_run, language, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(executor, copy_context().run, call)


def _run(language: str | None, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    try:
        with translation.override(language):
            return function(*args, **kwargs)
    finally:
        close_old_connections()


def close() -> None:
    """End the threads and with them their connections; the next call starts new ones."""
    global _executor, _urgent
    _executor, _urgent = _renewed(_executor, THREADS, "database"), _renewed(_urgent, 1, "urgent")


def _renewed(old: ThreadPoolExecutor, threads: int, name: str) -> ThreadPoolExecutor:
    for _ in range(threads):
        old.submit(connections.close_all)
    old.shutdown(wait=True)
    return ThreadPoolExecutor(threads, thread_name_prefix=name)

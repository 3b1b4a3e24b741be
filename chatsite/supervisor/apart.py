"""Run a function in a forked process, so that the memory it needs does not stay with the supervisor for weeks."""

import os
import pickle
import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

from chatsite.supervisor.preflight import StartError

Result = TypeVar("Result")


def apart(function: Callable[[], Result]) -> Result:
    """What ``function`` returns. Its StartError or OSError is raised here; after any other error, which the child
    shows, this process ends with status 1. Only for a process with one thread.
    """
    sys.stdout.flush()
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reads)
        _answer(function, writes)
    os.close(writes)
    with os.fdopen(reads, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    if not data:
        sys.exit(1)
    result = pickle.loads(data)  # noqa: S301 - our own child's
    if isinstance(result, StartError | OSError):
        raise result
    return cast("Result", result)


def _answer(function: Callable[[], Any], writes: int) -> None:
    """Returns only by an error that is not the caller's to read; Python then shows it as anywhere."""
    try:
        result = function()
    except (StartError, OSError) as error:
        result = error
    with os.fdopen(writes, "wb") as pipe:
        pickle.dump(result, pipe)
    sys.stdout.flush()
    os._exit(0)

"""What a client's program tells of its stories: how each came out, as one JSON object on standard output.

Run by the clients' own Python, where the site's packages are not: so it imports nothing of either.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.request import urlopen

MODEL = "scripted"
HELLO = "Hello @tokens=20"
LONG = "Tell me something long. @tokens=4000 @rate=50"
FREED_S = 10.0
LIVE = re.compile(r"^chatsite_engine_live_replies\S* ([\d.]+)$", re.M)


@dataclass(frozen=True)
class Told:
    """Where the site is, and keys: one that may all, one of a person who is over a limit, and one that is wrong."""

    url: str
    key: str
    limited: str
    wrong: str
    metrics: str

    @property
    def arguments(self) -> list[str]:
        return list(asdict(self).values())


Stories = dict[str, Callable[[Told], Any]]


def tell(stories: Stories) -> None:
    told = Told(*sys.argv[1:])
    sys.stdout.write(json.dumps({name: _outcome(story, told) for name, story in stories.items()}))


def seconds_until_free(told: Told) -> float:
    """How long it takes until no reply is in the engine, from now on; at most ``FREED_S``."""
    began = time.monotonic()
    while _live(told) and time.monotonic() - began < FREED_S:
        time.sleep(0.05)
    return time.monotonic() - began


def _live(told: Told) -> bool:
    with urlopen(told.metrics) as answer:  # noqa: S310 - an address of this machine
        return any(float(value) for value in LIVE.findall(answer.read().decode()))


def _outcome(story: Callable[[Told], Any], told: Told) -> dict[str, Any]:
    try:
        return {"answer": story(told)}
    except Exception as error:  # noqa: BLE001 - whatever it is, the test is told of it
        classes = [f"{one.__module__.partition('.')[0]}.{one.__name__}" for one in type(error).__mro__]
        return {"raised": classes, "message": str(error)}

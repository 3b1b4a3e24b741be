"""Whether anybody is there to answer: a program is told so at once, where a page would show that it waits."""

import time

from inference import presence, serving
from inference.events.client import blocking_client

FRESH_S = 1.0

_seen: dict[str, float] = {}  # when each model was last seen to be there


def is_away(model: str) -> bool:
    """Whether no worker of a model that is served here is alive. Raises RedisError while Redis is away."""
    if model not in serving.names() or time.monotonic() - _seen.get(model, float("-inf")) < FRESH_S:
        return False
    if presence.state_of(blocking_client(), model) == "away":
        return True
    _seen[model] = time.monotonic()
    return False


def forget() -> None:
    """Look anew."""
    _seen.clear()

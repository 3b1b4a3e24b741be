"""A look at the database that serves all who ask this process for a while."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Fresh(Generic[T]):
    """What ``look`` last returned, at most ``seconds`` old. It must not depend on who asks."""

    def __init__(self, seconds: float, look: Callable[[], T]) -> None:
        self.seconds = seconds
        self.look = look
        self._known: tuple[float, T] | None = None

    def __call__(self) -> T:
        known = self._known
        if known is None or time.monotonic() - known[0] > self.seconds:
            known = self._known = (time.monotonic(), self.look())
        return known[1]

    def forget(self) -> None:
        """Look again when next asked."""
        self._known = None

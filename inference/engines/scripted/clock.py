"""One timer for all streams of an engine: it costs a heap operation a token, not a task or a sleep."""

import asyncio
import heapq
import time
from itertools import count


class Metronome:
    """Beats of one stream. ``due`` counts those that have come; ``wait`` returns when there are more than ``seen``."""

    def __init__(self, first: float, step: float, *, together: bool) -> None:
        self._first = first
        self._step = step
        self._together = together
        self.beats: list[float] = []  # time.monotonic() of each that has come
        self.stopped = False
        self._waiter: asyncio.Future[None] | None = None

    def next_time(self) -> float:
        """When the next beat comes, on the loop's clock. Together: after the first one, on a grid that all share."""
        if self.due == 0 or not self._together:
            return self._first + self.due * self._step
        return (self._first // self._step + self.due) * self._step

    @property
    def due(self) -> int:
        return len(self.beats)

    def beat(self, now: float) -> None:
        """Count one beat and wake who waits."""
        self.beats.append(now)
        self.wake()

    def wake(self) -> None:
        """Let ``wait`` return now."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self, seen: int) -> None:
        """Return when more than ``seen`` beats have come, or it was woken."""
        if self.due > seen:
            return
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter


class Clock:
    """Beats every metronome it was given, in the order of time."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Metronome]] = []
        self._order = count()
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for = 0.0

    def add(self, metronome: Metronome) -> None:
        """Start to beat it."""
        heapq.heappush(self._heap, (metronome.next_time(), next(self._order), metronome))
        self._arm()

    def close(self) -> None:
        """Beat nothing any more."""
        if self._timer:
            self._timer.cancel()
        self._heap.clear()

    def _arm(self) -> None:
        if not self._heap:
            return
        first = self._heap[0][0]
        if self._timer:
            if self._armed_for <= first:
                return
            self._timer.cancel()
        self._armed_for = first
        self._timer = asyncio.get_running_loop().call_at(first, self._fire)

    def _fire(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        moment = time.monotonic()
        while self._heap and self._heap[0][0] <= now:
            _, order, metronome = self._heap[0]
            if metronome.stopped:
                heapq.heappop(self._heap)
                continue
            metronome.beat(moment)
            heapq.heapreplace(self._heap, (metronome.next_time(), order, metronome))
        self._arm()

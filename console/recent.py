"""The last hour in figures: how soon replies began and how fast engines wrote, in steps of two minutes."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from conversations.models import Message

STEP = timedelta(minutes=2)
STEPS = 30
MOST = 20_000  # of the newest replies
FRESH_S = 10.0  # one look serves all who watch through this process


@dataclass(frozen=True, slots=True)
class Step:
    """Two minutes. Times to the first text in milliseconds, None when no reply ended then."""

    begins: datetime
    p50_ms: int | None = None
    p95_ms: int | None = None
    tokens_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Hour:
    """The last hour, oldest step first, and its whole."""

    steps: tuple[Step, ...]
    p50_ms: int | None = None
    p95_ms: int | None = None
    tokens: int = 0
    ends: tuple[tuple[str, int], ...] = ()  # replies by final state, the most frequent first

    @property
    def replies(self) -> int:
        return sum(number for _, number in self.ends)


Row = tuple[datetime, int | None, int, str]  # finished_at, ttft_ms, completion_tokens, state

_last: dict[tuple[str, ...], tuple[float, Hour]] = {}


def last_hour(models: Sequence[str]) -> Hour:
    """The last hour of these models, at most ten seconds old."""
    key = tuple(sorted(models))
    at, hour = _last.get(key, (float("-inf"), None))
    if hour is None or time.monotonic() - at > FRESH_S:
        hour = figures(_rows(key), timezone.now())
        _last.clear()
        _last[key] = (time.monotonic(), hour)
    return hour


def figures(rows: Sequence[Row], now: datetime) -> Hour:
    """What these finished replies come to."""
    first = now - STEP * STEPS
    in_step: list[list[Row]] = [[] for _ in range(STEPS)]
    for row in rows:
        number = (row[0] - first) // STEP
        if 0 <= number < STEPS:
            in_step[number].append(row)
    counted = [row for step in in_step for row in step]
    return Hour(
        steps=tuple(_step(first + STEP * number, step) for number, step in enumerate(in_step)),
        p50_ms=_quantile(counted, 0.5),
        p95_ms=_quantile(counted, 0.95),
        tokens=sum(row[2] for row in counted),
        ends=tuple(Counter(row[3] for row in counted).most_common()),
    )


def _rows(models: Sequence[str]) -> list[Row]:
    since = timezone.now() - STEP * STEPS
    ended = Message.objects.filter(model__in=models, finished_at__gte=since).order_by("-finished_at")
    columns = ended.values_list("finished_at", "ttft_ms", "completion_tokens", "state")
    return [(at, ttft, tokens, state) for at, ttft, tokens, state in columns[:MOST] if at]


def _step(begins: datetime, rows: Sequence[Row]) -> Step:
    tokens = sum(row[2] for row in rows)
    return Step(begins, _quantile(rows, 0.5), _quantile(rows, 0.95), tokens / STEP.total_seconds())


def _quantile(rows: Sequence[Row], share: float) -> int | None:
    """The time within which this share of replies began; None when none did."""
    times = sorted(row[1] for row in rows if row[1] is not None)
    return times[min(len(times) - 1, int(len(times) * share))] if times else None

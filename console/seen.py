"""The last hour as browsers saw it, model by model, beside what the server says of the same replies.

As the article that began this site measured: from the press of the button, by the page's own clock. Its mean and
deviation are of requests in a row without the first and the last five; here, of the newest fifty.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from conversations.models import Timing

SPAN = timedelta(hours=1)
MOST = 5_000  # of the newest
IN_A_ROW, DROPPED = 50, 5
FRESH_S = 10.0  # one look serves all who watch through this process


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds: half of replies, and 95 of 100, took no longer. None where nothing is known."""

    p50: int | None
    p95: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """One reply: what the browser saw, and from saved to first text and to its end by the server's clock."""

    first_ms: int
    complete_ms: int
    server_first_ms: int | None
    server_complete_ms: int | None


@dataclass(frozen=True, slots=True)
class Steady:
    """Mean and deviation, in milliseconds, of so many replies in a row."""

    replies: int
    first: float
    first_deviation: float
    complete: float
    complete_deviation: float


@dataclass(frozen=True, slots=True)
class Seen:
    """A model's replies of the last hour. ``steady`` is None where there are too few."""

    model: str
    replies: int
    first: Spread
    server_first: Spread
    complete: Spread
    server_complete: Spread
    steady: Steady | None


_last: list[tuple[float, list[Seen]]] = []


def last_hour() -> list[Seen]:
    """Each model of which a browser told anything, by name; at most ten seconds old."""
    if not _last or time.monotonic() - _last[0][0] > FRESH_S:
        _last[:] = [(time.monotonic(), [figures(model, rows) for model, rows in sorted(_rows().items())])]
    return _last[0][1]


def figures(model: str, rows: Sequence[Row]) -> Seen:
    """What these replies, the oldest first, come to."""
    return Seen(
        model=model,
        replies=len(rows),
        first=_spread([row.first_ms for row in rows]),
        server_first=_spread([row.server_first_ms for row in rows]),
        complete=_spread([row.complete_ms for row in rows]),
        server_complete=_spread([row.server_complete_ms for row in rows]),
        steady=_steady(rows[-IN_A_ROW:]),
    )


def _rows() -> dict[str, list[Row]]:
    told = Timing.objects.filter(at__gte=timezone.now() - SPAN).order_by("-at")
    took = F("reply__finished_at") - F("reply__created_at")
    columns = told.values_list("reply__model", "first_ms", "complete_ms", "reply__ttft_ms", took)
    found: dict[str, list[Row]] = {}
    for model, first, complete, server_first, whole in reversed(columns[:MOST]):
        server_complete = round(whole / timedelta(milliseconds=1)) if whole else None
        found.setdefault(model, []).append(Row(first, complete, server_first, server_complete))
    return found


def _steady(rows: Sequence[Row]) -> Steady | None:
    kept = rows[DROPPED:-DROPPED]
    if len(kept) < 2:
        return None
    first, complete = [row.first_ms for row in kept], [row.complete_ms for row in kept]
    means = statistics.fmean(first), statistics.stdev(first), statistics.fmean(complete), statistics.stdev(complete)
    return Steady(len(kept), *means)


def _spread(values: Sequence[int | None]) -> Spread:
    return Spread(_quantile(values, 0.5), _quantile(values, 0.95))


def _quantile(values: Sequence[int | None], share: float) -> int | None:
    known = sorted(value for value in values if value is not None)
    return known[min(len(known) - 1, int(len(known) * share))] if known else None

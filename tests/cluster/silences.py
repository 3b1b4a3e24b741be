"""How long people saw nothing of a reply under way, by fault: what a failover takes, as they notice it."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from tests.faults.crowd import Asked
from tests.faults.storm import silences
from tests.faults.strikes import Strike


def by_fault(asked: Sequence[Asked], blows: Sequence[Strike]) -> list[dict[str, Any]]:
    """A row for each fault, in order."""
    return [_row(asked, blow) for blow in blows]


def _row(asked: Sequence[Asked], blow: Strike) -> dict[str, Any]:
    texts = [seen.arrivals for one in asked for seen in one.seen]
    gaps = [longest(arrivals, blow.began, blow.well) for arrivals in texts]
    moved = [at for one in asked for seen in one.seen[:1] for at, _ in seen.states if blow.began < at < blow.well]
    after = silences(blow)
    return {
        "fault": blow.kind,
        "under_way": len(blow.live),
        "moved": len(moved),
        "longest_silence_s": round(max(gaps, default=0.0), 1),
        "silent_over_1_s": sum(gap > 1 for gap in gaps),
        "next_token_s_max": round(max(after), 1) if after else None,
    }


def longest(arrivals: Sequence[float], began: float, well: float) -> float:
    """The longest pause between two pieces of text that lies, in part at least, between two moments."""
    return max((b - a for a, b in pairwise(arrivals) if b > began and a < well), default=0.0)

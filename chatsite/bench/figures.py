"""From replies and what they cost to one row of figures. Every key carries its unit."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chatsite.bench.replies import Reply
from chatsite.bench.usage import Reading, Usage

PATH = ("web", "worker", "redis")  # the processes a reply passes
Row = dict[str, Any]
T = TypeVar("T")
COUNTS = (
    "replies",
    "failed_sends",
    "faulty_replies",
    "lost_tokens",
    "doubled_tokens",
    "reordered_tokens",
    "foreign_tokens",
    "unsaved_replies",
)


@dataclass(slots=True)
class Cost:
    """Replies of one length and the seconds of processor time they took, by process; ``wall_s`` on the clock."""

    replies: int = 0
    tokens: int = 0
    wall_s: float = 0.0
    machine_cpu_s: float = 0.0  # of all that ran, ours or not
    cpu_s: dict[str, float] = field(default_factory=dict)

    def add(self, replies: Sequence[Reply], before: Reading, after: Reading) -> None:
        self.replies += len(replies)
        self.tokens += sum(len(reply.arrivals) for reply in replies)
        self.wall_s += after.at - before.at
        self.machine_cpu_s += after.machine_cpu_s - before.machine_cpu_s
        for name, now in after.processes.items():
            self.cpu_s[name] = self.cpu_s.get(name, 0.0) + now.cpu_s - before.processes[name].cpu_s

    @property
    def others_cores(self) -> float:
        """Cores that were busy with something else: times mean little where this is not near zero."""
        return max(0.0, self.machine_cpu_s - sum(self.cpu_s.values())) / (self.wall_s or 1)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that this share of all values does not exceed; 0 when there are none."""
    return sorted(values)[math.ceil(len(values) * share) - 1] if values else 0.0


def middle(values: Sequence[T]) -> Sequence[T]:
    """Without the first and the last tenth, in the order they were measured; of five or more at least one each."""
    dropped = max(1, len(values) // 10) if len(values) >= 5 else 0
    return values[dropped : len(values) - dropped]


def times(replies: Sequence[Reply], ttft_s: float, step_s: float, prefix: str = "") -> Row:
    """What was added to the engine's time to first token, how long tokens were on their way, and how long after its
    turn the engine said them, which shows whether its own loop was held up; in milliseconds.
    """
    added = [(reply.ttft_s - ttft_s) * 1000 for reply in replies if reply.arrivals]
    delays = [delay * 1000 for reply in replies for delay in reply.delays_s]
    late = [lateness * 1000 for reply in replies for lateness in reply.lateness_s(step_s)]
    return {
        f"{prefix}added_ttft_ms_p50": percentile(added, 0.5),
        f"{prefix}added_ttft_ms_p95": percentile(added, 0.95),
        f"{prefix}delay_ms_p50": percentile(delays, 0.5),
        f"{prefix}delay_ms_p95": percentile(delays, 0.95),
        f"{prefix}delay_ms_p99": percentile(delays, 0.99),
        f"{prefix}engine_late_ms_p50": percentile(late, 0.5),
        f"{prefix}engine_late_ms_p95": percentile(late, 0.95),
    }


def correctness(replies: Sequence[Reply], unsaved: int) -> Row:
    """What went wrong; all zero is right."""
    return {
        "replies": len(replies),
        "failed_sends": sum(bool(reply.unsent) or not reply.id for reply in replies),
        "faulty_replies": sum(bool(reply.fault) for reply in replies),
        "lost_tokens": sum(reply.lost for reply in replies),
        "doubled_tokens": sum(reply.doubled for reply in replies),
        "reordered_tokens": sum(reply.reordered for reply in replies),
        "foreign_tokens": sum(reply.foreign for reply in replies),
        "unsaved_replies": unsaved,
    }


def costs(long: Cost, short: Cost) -> Row:
    """Processor time of a send and of 1,000 tokens.

    Two lengths of reply tell them apart: what the longer ones cost more is the price of their tokens, the rest of
    sending, claiming and saving. ``all_in`` divides all of it by the tokens of the long replies.
    """
    row: Row = {}
    for name in long.cpu_s:
        per_token = _slope(long, short, name)
        row[f"{name}_cpu_s_per_1k_tokens"] = per_token * 1000
        row[f"{name}_cpu_s_per_send"] = (short.cpu_s[name] - per_token * short.tokens) / max(1, short.replies)
        row[f"{name}_cpu_s_per_1k_tokens_all_in"] = long.cpu_s[name] / max(1, long.tokens) * 1000
    for unit in ("cpu_s_per_1k_tokens", "cpu_s_per_send", "cpu_s_per_1k_tokens_all_in"):
        row[unit] = sum(row[f"{name}_{unit}"] for name in PATH)
    return row


def memory(now: dict[str, Usage]) -> Row:
    """Resident megabytes of each process."""
    return {f"{name}_rss_mb": usage.rss_mb for name, usage in now.items()}


def median_row(rows: Sequence[Row]) -> Row:
    """One row from repeats: counts are added up, of everything else the median is taken."""
    merge: Callable[[str], Any] = lambda key: _merged(key, [row[key] for row in rows])  # noqa: E731
    return {key: merge(key) for key in rows[0]}


def _merged(key: str, values: list[Any]) -> Any:
    if key in COUNTS:
        return sum(values)
    if isinstance(values[0], float):
        return round(statistics.median(values), 5)
    return values[0]


def _slope(long: Cost, short: Cost, name: str) -> float:
    """Seconds a token, of what one long reply costs more than one short reply."""
    if not (long.replies and short.replies):
        return 0.0
    more_tokens = long.tokens / long.replies - short.tokens / short.replies
    more_s = long.cpu_s[name] / long.replies - short.cpu_s[name] / short.replies
    return more_s / more_tokens if more_tokens > 0 else 0.0

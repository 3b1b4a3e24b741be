"""What the figures should be, and whether they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatsite.bench.figures import Row

FROM_50 = (50, 100, 200)
ANY = (1, 10, 50, 100, 200)


@dataclass(frozen=True, slots=True)
class Target:
    """A figure must not be above ``limit`` at these numbers of streams, without HTML unless ``html``."""

    key: str
    limit: float
    streams: tuple[int, ...]
    html: bool = False

    def holds_for(self, row: Row) -> bool:
        return row["streams"] in self.streams and (self.html or row["format"] == "text")


TARGETS = (
    Target("added_ttft_ms_p50", 10, (1,), html=True),
    Target("added_ttft_ms_p50", 15, (10,), html=True),
    Target("added_ttft_ms_p50", 60, (50,), html=True),
    Target("added_ttft_ms_p95", 120, (50,), html=True),
    Target("delay_ms_p50", 2, (10,), html=True),
    Target("delay_ms_p50", 10, (100,), html=True),
    Target("delay_ms_p50", 20, (200,), html=True),
    Target("cpu_s_per_1k_tokens", 0.10, FROM_50),
    Target("cpu_s_per_send", 0.01, FROM_50),
    Target("web_rss_mb", 110, ANY, html=True),
    Target("failed_sends", 0, ANY, html=True),
    Target("faulty_replies", 0, ANY, html=True),
    Target("lost_tokens", 0, ANY, html=True),
    Target("doubled_tokens", 0, ANY, html=True),
    Target("reordered_tokens", 0, ANY, html=True),
    Target("foreign_tokens", 0, ANY, html=True),
    Target("unsaved_replies", 0, ANY, html=True),
)
MUST_BE_ZERO = frozenset(target.key for target in TARGETS if target.limit == 0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One figure beside its target. ``where`` says which row it is of."""

    key: str
    where: str
    value: float
    limit: float
    met: bool


def judge(rows: Sequence[Row]) -> list[Verdict]:
    """All targets that these rows can meet or miss."""
    return [
        verdict(row, one.key, one.limit, f"{row['streams']} streams, {row['format']}, {row['words']} words")
        for one in TARGETS
        for row in rows
        if one.holds_for(row)
    ]


def verdict(row: Row, key: str, limit: float, where: str) -> Verdict:
    """Whether a figure is at most ``limit``."""
    return Verdict(key, where, row[key], limit, row[key] <= limit)


def is_correct(verdicts: Sequence[Verdict]) -> bool:
    """Whether no send failed and no token was lost, doubled or out of order. The rest depends on the machine."""
    return all(one.met for one in verdicts if one.key in MUST_BE_ZERO)

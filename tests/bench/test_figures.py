"""Figures from rounds: what they count, which targets they meet."""

import json

import pytest

from chatsite.bench import figures, report, targets
from chatsite.bench.figures import Cost, Row
from tests.bench.test_replies import arrived

PROCESSES = ("web", "worker", "redis", "client")


def cost(replies: int, tokens_each: int, send_s: float, token_s: float) -> Cost:
    """Rounds in which each process took so long for each send and for each token."""
    each = replies * (send_s + tokens_each * token_s)
    return Cost(replies, replies * tokens_each, 10.0, 5.0, dict.fromkeys(PROCESSES, each))


def row(streams: int = 50, **changed: float) -> Row:
    replies = [arrived([0, 1, 2, 3, 4, 5])]
    for reply in replies:
        reply.id = "r"
    made = {
        "streams": streams,
        "format": "text",
        "words": 0,
        **figures.times(replies, 0.0, 0.01),
        **figures.times(replies, 0.0, 0.01, "floor_"),
        **figures.costs(cost(50, 128, 0.002, 0.00002), cost(50, 1, 0.002, 0.00002)),
        **figures.correctness(replies, 0),
        **{f"{name}_rss_mb": 90.0 for name in PROCESSES},
        "client_cpu_s_per_1k_tokens": 0.01,
        "floor_cpu_s_per_1k_tokens": 0.01,
        "others_cores": 0.0,
    }
    return made | changed


def test_percentiles_are_values_that_were_measured() -> None:
    assert [figures.percentile([5, 1, 4, 2, 3], share) for share in (0.2, 0.5, 0.95)] == [1, 3, 5]
    assert figures.percentile([], 0.5) == 0


def test_sends_and_tokens_are_told_apart() -> None:
    priced = figures.costs(cost(50, 128, 0.002, 0.00002), cost(50, 1, 0.002, 0.00002))
    assert priced["web_cpu_s_per_send"] == pytest.approx(0.002)
    assert priced["web_cpu_s_per_1k_tokens"] == pytest.approx(0.02)
    assert priced["cpu_s_per_send"] == pytest.approx(0.006)
    assert priced["cpu_s_per_1k_tokens"] == pytest.approx(0.06)
    assert priced["cpu_s_per_1k_tokens_all_in"] == pytest.approx(0.06 + 0.006 / 128 * 1000)


def test_repeats_make_one_row_of_medians_and_sums() -> None:
    one = figures.median_row([row(delay_ms_p50=n, lost_tokens=n, streams=50) for n in (1.0, 9.0, 2.0)])
    assert (one["delay_ms_p50"], one["lost_tokens"], one["streams"], one["format"]) == (2.0, 12.0, 50, "text")


def test_a_slow_site_misses_targets_but_is_correct() -> None:
    verdicts = targets.judge([row(added_ttft_ms_p50=61.0)])
    assert [one.key for one in verdicts if not one.met] == ["added_ttft_ms_p50"]
    assert targets.is_correct(verdicts)


@pytest.mark.parametrize("key", sorted(targets.MUST_BE_ZERO))
def test_a_site_that_loses_something_is_not(key: str) -> None:
    verdicts = targets.judge([row(), row(streams=200, **{key: 1})])
    assert not targets.is_correct(verdicts)


def test_the_last_line_is_one_object_whose_rows_say_their_streams() -> None:
    lines: list[str] = []
    rows = [row(), row(streams=100)]
    report.path(lines.append, rows, targets.judge(rows), {"tokens": 128})
    result = json.loads(lines[-1])
    assert [one["streams"] for one in result["rows"]] == [50, 100]
    assert {"added_ttft_ms_p50", "lost_tokens", "cpu_s_per_1k_tokens", "web_rss_mb"} <= result["rows"][0].keys()
    assert all(one["met"] for one in result["targets"])

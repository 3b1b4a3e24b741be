"""Figures of the article's measurement: what counts, mean and deviation, the platform's share, what may be a target."""

import statistics

import pytest

from chatsite.bench.figures import middle
from chatsite.bench.models import rows
from chatsite.bench.models.run import is_sound
from tests.bench.models.results import answer, measured, told


@pytest.mark.parametrize(
    ("asked", "dropped"), [(1, 0), (4, 0), (5, 1), (10, 1), (19, 1), (20, 2), (49, 4), (50, 5), (51, 5)]
)
def test_a_tenth_is_dropped_at_each_end(asked: int, dropped: int) -> None:
    assert middle(range(asked)) == range(dropped, asked - dropped)


def test_the_middle_forty_of_fifty_make_mean_and_deviation() -> None:
    seconds = [9.0] * 5 + [0.3 + number / 1000 for number in range(40)] + [0.0] * 5
    found = rows.times([[answer(first, first + 1)] for first in seconds])
    assert (found["asked"], found["kept"]) == (50, 40)
    assert found["ttft_ms_mean"] == pytest.approx(319.5)
    assert found["ttft_ms_deviation"] == pytest.approx(statistics.stdev(range(40)))
    assert found["e2e_ms_mean"] == pytest.approx(1319.5)
    assert found["e2e_ms_deviation"] == pytest.approx(statistics.stdev(range(40)))
    assert (found["tokens_mean"], found["prompt_tokens_mean"]) == (41, 30)


def test_rounds_are_dropped_whole() -> None:
    slow, usual = [answer(9.0, 9.9)] * 5, [answer()] * 5
    found = rows.times([slow, *[usual] * 8, slow])
    assert (found["asked"], found["kept"]) == (50, 40)
    assert found["ttft_ms_deviation"] == 0


def test_what_failed_is_told_and_does_not_count() -> None:
    done = measured()
    done.rounds["html", "one"][4] = [answer(8.0, 8.0, fault="it ended with failed")]
    site = next(row for row in rows.rows(done) if row["side"] == "html")
    assert (site["failed"], site["faults"], site["kept"]) == (1, ["it ended with failed"], 7)
    assert site["ttft_ms_mean"] == pytest.approx(200)
    assert not is_sound(told(done))
    assert is_sound(told())


def test_where_all_failed_there_are_no_figures_and_no_fault() -> None:
    done = measured()
    done.rounds["bare", "one"] = [[answer(fault="gone")]] * 10
    made = told(done)
    assert next(row for row in made["rows"] if row["side"] == "bare")["ttft_ms_mean"] == 0
    assert made["shares"][0]["ttft_ms_ratio"] == 0
    assert not is_sound(made)


def test_tokens_a_second_are_from_the_first_to_the_last() -> None:
    assert answer(0.2, 5.3, 256).tokens_per_s == pytest.approx(255 / 5.1)
    assert answer(0.2, 0.2, 3).tokens_per_s == 0


def test_all_at_once_say_so_many_tokens_a_second_together() -> None:
    assert rows.together([[answer(end_s=1.0, tokens=40), answer(end_s=2.0, tokens=60)]]) == pytest.approx(50)
    assert rows.together([[answer(fault="gone")]]) == 0


def test_the_share_is_the_site_over_the_engine_at_one_and_at_five() -> None:
    one, five = rows.shares(rows.rows(measured(slower=1.04)))
    assert (one["streams"], five["streams"], one["format"]) == (1, 5, "html")
    assert one["ttft_ms_ratio"] == pytest.approx(1.04)
    assert one["ttft_ms_added"] == pytest.approx(8)
    assert one["ttft_ms_bare"] == pytest.approx(200)
    assert five["e2e_ms_ratio"] == five["e2e_ms_ratio_p50"] == pytest.approx(1.04)
    assert five["e2e_ms_added"] == pytest.approx(80)


def test_a_share_says_how_far_chance_may_have_moved_it() -> None:
    """Of many runs, 95 in 100 have the true ratio within it."""
    held = 0
    for seed in range(300):
        done = measured()
        for side, mean in (("html", 0.52), ("bare", 0.5)):
            taken = statistics.NormalDist(mean, 0.07).samples(20, seed=f"{side} {seed}")
            done.rounds[side, "one"] = [[answer(first_s)] for first_s in taken]
        share = rows.shares(rows.rows(done))[0]
        held += abs(share["ttft_ms_ratio"] - 1.04) < share["ttft_ms_ratio_error"]
    assert 270 <= held <= 295
    one, five = rows.shares(rows.rows(measured()))
    assert one["ttft_ms_ratio_error"] == five["e2e_ms_ratio_error"] == 0


def test_answers_of_one_round_are_no_more_certain_than_one() -> None:
    done = measured()
    for side in ("html", "bare"):
        done.rounds[side, "one"] = [[answer(0.3 + number % 2 / 10)] for number in range(8)]
        done.rounds[side, "users"] = [[answer(0.3 + number % 2 / 10)] * 5 for number in range(8)]
    one, five = rows.shares(rows.rows(done))
    assert five["ttft_ms_ratio_error"] == pytest.approx(one["ttft_ms_ratio_error"], rel=0.1)


def test_a_share_is_judged_where_the_engine_takes_a_tenth_of_a_second() -> None:
    met = rows.judge(rows.shares(rows.rows(measured(slower=1.04))))
    assert [(one.key, one.met) for one in met] == [("ttft_ms_ratio", True), ("e2e_ms_ratio", True)] * 2
    missed = rows.judge(rows.shares(rows.rows(measured(slower=1.06))))
    assert [one.met for one in missed] == [False] * 4
    quick = measured()
    quick.rounds["bare", "one"] = [[answer(0.09)] for _ in range(10)]
    assert [one.where for one in rows.judge(rows.shares(rows.rows(quick)))] == ["small, 5 at once, html"] * 2

"""The soak's judgement of memory: what grows for ever is told from what is filled once, on lives made up for it."""

import random
from collections.abc import Callable

import pytest

from tests.faults.memory import GOALS, GROWTH, LONG_S, MOST_MB_PER_HOUR, Life, Memory, growth

HALF_AN_HOUR = range(0, 1800, 5)


def life(of: Callable[[int], float], noise: float = 0.3) -> Life:
    chance = random.Random(7)  # noqa: S311 - the same lives in every run
    return [(float(at), 80 + of(at) + chance.uniform(-noise, noise)) for at in HALF_AN_HOUR]


@pytest.mark.parametrize(
    "of",
    [
        lambda at: 0.0,
        lambda at: 12 * (1 - 0.5 ** (at / 200)),  # threads and caches fill
        lambda at: 8.0 if at > 1500 else 0.0,  # one busy minute, and it keeps what that took
        lambda at: at % 400 / 50,  # garbage waits, is collected, waits
        lambda at: 80.0 if at == 1500 else 0.0,  # forked in order to save
        lambda at: 5 - at / 600,  # gives back
    ],
    ids=["flat", "fills", "stair", "sawtooth", "fork", "falls"],
)
def test_what_ends_is_no_growth(of: Callable[[int], float]) -> None:
    assert growth(life(of)) < MOST_MB_PER_HOUR / 2


@pytest.mark.parametrize(
    "of",
    [
        lambda at: 15 * at / 3600,
        lambda at: 15 * (at // 300 * 300) / 3600,  # in stairs
        lambda at: 15 * at / 3600 + at % 200 / 100,  # under a sawtooth
    ],
    ids=["steady", "stairs", "below a sawtooth"],
)
def test_what_goes_on_is_growth(of: Callable[[int], float]) -> None:
    assert growth(life(of)) == pytest.approx(15, abs=4)
    assert growth(life(of)) > MOST_MB_PER_HOUR


def looked(*lives: tuple[int, Life]) -> dict[str, float]:
    memory = Memory()
    for pid, one in lives:
        for at, megabytes in one:
            memory.look(at, {"web": pid, "background": 1}, {"web": megabytes})
    return memory.figures()


def test_the_longest_life_is_judged_without_its_first_minute() -> None:
    killed = [(at - 2000.0, 500.0) for at in range(0, 700, 5)]
    warming = life(lambda at: 0.5 * at if at < 60 else 30.0, noise=0)
    row = looked((1, killed), (2, warming))
    assert row == {
        "web_minutes": 29.9,
        "web_own_mb_after_first_minute": 110.0,
        "web_own_mb_last": 110.0,
        f"web_{GROWTH}": 0.0,
    }
    assert f"web_{GROWTH}" in GOALS


def test_a_short_life_says_nothing_about_growth() -> None:
    lived = [(float(at), float(at)) for at in range(0, int(LONG_S), 5)]
    assert set(looked((1, lived))) == {"web_minutes", "web_own_mb_after_first_minute", "web_own_mb_last"}
    assert looked((1, lived[:5])) == {}

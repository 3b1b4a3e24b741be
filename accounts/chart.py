"""Bars over time as numbers that a template writes into an SVG: whole units, no style, no script."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

WIDTH = 440
HEIGHT = 160
LEFT = 54  # room for the labels of the axis
BOTTOM = 22
TOP = 10
ROOM = HEIGHT - TOP - BOTTOM
LEAST = 1e-6  # less is nothing
NICE = (1, 2, 3, 4, 5, 6, 8, 10)
ODD = (1, 3, 5)  # tops whose middle is no whole number: of most things there is no half

Label = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle; ``series`` counts from 0, the frontmost last. ``words`` say what it shows."""

    series: int
    x: int
    y: int
    width: int
    height: int
    words: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across and its label."""

    y: int
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template draws."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    series: tuple[str, ...]  # their names
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    label_end: int = LEFT - 8


def bars(series: Mapping[str, Sequence[float | None]], names: Sequence[str], label: Label) -> Chart:
    """Named series of equal length, drawn over each other from the first to the last; None draws nothing.

    ``names`` has one name for each position along the axis.
    """
    top = _round_up(max((value for one in series.values() for value in one if value), default=0))
    slot = (WIDTH - LEFT) / max(1, len(names))
    drawn = [
        _bar(number, round(LEFT + index * slot), round(slot) - 3, value / top, f"{names[index]}: {name} {label(value)}")
        for number, (name, one) in enumerate(series.items())
        for index, value in enumerate(one)
        if value
    ]
    return Chart(tuple(drawn), _ticks(top, label), tuple(series))


def _ticks(top: float, label: Label) -> tuple[Tick, ...]:
    """Nothing, the top, and the middle where it is a whole number or has words of its own."""
    has_middle = top not in ODD and label(top / 2) != label(top)
    shares = (0, 0.5, 1) if has_middle else (0, 1)
    return tuple(Tick(TOP + round(ROOM * (1 - share)), label(top * share)) for share in shares)


def _bar(series: int, x: int, width: int, share: float, words: str) -> Bar:
    height = max(2, round(ROOM * share))
    return Bar(series, x, TOP + ROOM - height, width, height, words)


def _round_up(value: float) -> float:
    """The next number with one digit that is not zero, but for 7 and 9."""
    if value < LEAST:
        return 1
    unit = 10.0 ** math.floor(math.log10(value))
    return next(unit * step for step in NICE if value <= unit * step * (1 + 1e-9))

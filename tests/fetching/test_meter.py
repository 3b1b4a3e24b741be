"""How a download says how far it is."""

import io
import re
import time

import pytest

from inference.fetching import meter as module
from inference.fetching.meter import Meter, size


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_terminal_sees_a_bar_with_bytes_rate_and_what_is_left(clock: list[float]) -> None:
    out = Terminal()
    meter = Meter(out, "w.gguf")
    meter.begin(0)
    clock[0] += 10
    meter.at(10_000_000, 40_000_000)
    assert out.getvalue() == "\r\x1b[K[######..................] w.gguf: 25% of 40.0 MB, 1.0 MB/s, 30 s left"
    meter.at(11_000_000, 40_000_000)
    assert out.getvalue().count("w.gguf") == 1, "it is not drawn for every piece"
    meter.end()
    assert out.getvalue().endswith("\r\x1b[K")


def test_elsewhere_there_is_a_plain_line_every_tenth(clock: list[float]) -> None:
    out = io.StringIO()
    meter = Meter(out, "w.gguf")
    meter.begin(0)
    for done in range(0, 1001, 10):
        clock[0] += 1
        meter.at(done, 1000)
    meter.end()
    lines = out.getvalue().splitlines()
    assert [re.search(r"(\d+)%", line)[1] for line in lines] == [str(10 * tenth) for tenth in range(11)]  # type: ignore[index]
    assert lines[5] == "w.gguf: 50% of 1.0 kB, 10 bytes/s, 51 s left"
    assert "\x1b" not in out.getvalue()


def test_what_was_there_before_is_not_part_of_the_rate(clock: list[float]) -> None:
    out = io.StringIO()
    meter = Meter(out, "w")
    meter.begin(900)
    clock[0] += 10
    meter.at(950, 1000)
    assert out.getvalue() == "w: 95% of 1.0 kB, 5 bytes/s, 10 s left\n"


def test_without_a_size_it_says_what_came(clock: list[float]) -> None:
    out = io.StringIO()
    meter = Meter(out, "w")
    meter.begin(0)
    clock[0] += 2
    meter.at(3_000_000_000, None)
    assert out.getvalue() == "w: 3.0 GB, 1.5 GB/s\n"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (3600, "1 h 0 min"), (9000, "2 h 30 min")]
)
def test_durations_are_short(seconds: int, words: str) -> None:
    assert module._duration(seconds) == words


def test_sizes_are_for_people() -> None:
    assert [size(count) for count in (0, 999, 1000, 2_500_000, 13e9)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "2.5 MB",
        "13.0 GB",
    ]

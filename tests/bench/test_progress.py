"""The bar: how far, and how long at the pace so far."""

import time

import pytest

from chatsite.bench.progress import Progress


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 50.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


def test_without_a_terminal_it_is_a_line_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    progress.begin(20)
    progress.tell("one")
    progress.advance(5)
    progress.tell("two")
    progress.end()
    said = capsys.readouterr()
    assert said.err == "  0% one\n 25% two\n"
    assert not said.out


def test_on_a_slow_machine_what_is_left_takes_longer_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    clock = Clock(monkeypatch)
    progress = Progress()
    progress.begin(20)
    progress.tell("one")
    clock.now += 15  # for what should take 5
    progress.advance(5)
    progress.end()
    bars = capsys.readouterr().err.split("\r\x1b[K")
    assert bars[1].endswith("20 s left, one")
    assert bars[2].endswith("45 s left, one")
    assert bars[2].count("#") == 8
    assert bars[3] == ""

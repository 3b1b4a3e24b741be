"""What the terminal shows, and what the log files keep."""

import io
from pathlib import Path

import pytest

from chatsite.supervisor import console
from chatsite.supervisor.console import Console, LogFile


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Gone(io.StringIO):
    """A pipe whose reader is gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_line_on_a_terminal_has_a_colour_of_its_process() -> None:
    stream = Terminal()
    shown = Console(stream)
    shown.line("web", "one")
    shown.line("redis", "two")
    shown.line("web", "three")
    first, second, third = stream.getvalue().splitlines()
    assert first.startswith("\x1b[36mweb ")
    assert second.startswith("\x1b[33mredis ")
    assert third.startswith("\x1b[36mweb ")


def test_progress_stays_below_the_lines_and_goes_away() -> None:
    stream = Terminal()
    shown = Console(stream)
    shown.progress("loading (1 s)")
    shown.say("a line")
    shown.progress("loading (2 s)")
    shown.end_progress()
    shown.say("ready")
    one, two, three, rest = stream.getvalue().split("\r\x1b[K")
    assert one == "loading (1 s)"
    assert two.endswith(" a line\nloading (1 s)")
    assert three == "loading (2 s)"
    assert rest.endswith(" ready\n")


def test_progress_without_a_terminal_is_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    stream = io.StringIO()
    shown = Console(stream)
    for _ in range(25):
        shown.progress(f"loading ({now - 100:.0f} s)")
        now += 1
    assert [line.rpartition("(")[2] for line in stream.getvalue().splitlines()] == ["0 s)", "10 s)", "20 s)"]


def test_a_reader_that_is_gone_does_not_matter() -> None:
    shown = Console(Gone())
    shown.say("one")
    shown.say("two")


def test_a_log_file_keeps_itself_and_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "LOG_BYTES", 100)
    log = LogFile(tmp_path / "web.log")
    for number in range(30):
        log.write(f"line {number:04}")
    kept = (tmp_path / "web.log.1").read_text() + (tmp_path / "web.log").read_text()
    assert kept.endswith("line 0028\nline 0029\n")
    assert (tmp_path / "web.log").stat().st_size <= 100
    assert (tmp_path / "web.log.1").stat().st_size <= 100
    assert {path.name for path in tmp_path.iterdir()} == {"web.log", "web.log.1"}


def test_a_log_file_goes_on_where_it_was(tmp_path: Path) -> None:
    LogFile(tmp_path / "web.log").write("first run")
    LogFile(tmp_path / "web.log").write("second run")
    assert (tmp_path / "web.log").read_text() == "first run\nsecond run\n"


def test_a_full_disk_costs_log_lines_only() -> None:
    LogFile(Path("/dev/full")).write("lost")

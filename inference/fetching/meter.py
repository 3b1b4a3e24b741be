"""How far a download is: one bar on a terminal, a line every tenth where there is none."""

import time
from typing import TextIO

WIDTH = 24
REDRAW_S = 0.2
UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


class Meter:
    """Of one file. The rate is that of this run: what was there before took no time."""

    def __init__(self, out: TextIO, name: str) -> None:
        self._out, self._name = out, name
        self._is_terminal = out.isatty()
        self._began = self._shown = time.monotonic()
        self._start = self._tenth = 0

    def begin(self, done: int) -> None:
        """``done`` bytes are there before the first comes."""
        self._began, self._start, self._tenth = time.monotonic(), done, -1

    def at(self, done: int, total: int | None) -> None:
        """``done`` bytes are there now, of ``total`` where that is known."""
        now = time.monotonic()
        tenth = 10 * done // total if total else done // 2**30
        if self._is_terminal and now - self._shown >= REDRAW_S:
            self._shown = now
            self._out.write(f"\r\x1b[K{self._line(done, total, now)}")
        elif not self._is_terminal and tenth != self._tenth:
            self._tenth = tenth
            self._out.write(f"{self._line(done, total, now)}\n")
        self._out.flush()

    def end(self) -> None:
        """Make room for other lines."""
        if self._is_terminal:
            self._out.write("\r\x1b[K")
            self._out.flush()

    def _line(self, done: int, total: int | None, now: float) -> str:
        rate = (done - self._start) / max(now - self._began, 1e-3)
        if not total:
            return f"{self._name}: {size(done)}, {size(rate)}/s"
        full = WIDTH * done // total
        left = f", {_duration((total - done) / rate)} left" if rate else ""
        bar = f"[{'#' * full}{'.' * (WIDTH - full)}] " if self._is_terminal else ""
        return f"{bar}{self._name}: {done / total:.0%} of {size(total)}, {size(rate)}/s{left}"


def size(count: float) -> str:
    """Bytes for people."""
    for unit, factor in UNITS:
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count:.0f} bytes"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{count} {unit}" for count, unit in parts[:2])

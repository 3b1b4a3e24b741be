"""What the person at the terminal reads, and the log files: one stream of lines, each with the name of its process."""

import sys
import time
from pathlib import Path
from typing import TextIO

LOG_BYTES = 10 * 2**20
COLOURS = (36, 33, 35, 32, 34, 31)
PROGRESS_EVERY = 10.0


class LogFile:
    """``NAME.log``, and ``NAME.log.1`` with what came before the last ``LOG_BYTES``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = path.stat().st_size if path.exists() else 0

    def write(self, line: str) -> None:
        """Add a line. A line that cannot be written, on a full disk say, is left out: the terminal has it."""
        data = f"{line}\n".encode()
        try:
            if self._size + len(data) > LOG_BYTES:
                self._path.replace(self._path.with_name(self._path.name + ".1"))
                self._size = 0
            with self._path.open("ab") as file:
                file.write(data)
            self._size += len(data)
        except OSError:
            return


class Console:
    """The terminal, or whatever standard output is."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._is_terminal = self._stream.isatty()
        self._is_open = True
        self._progress = ""
        self._progress_at = 0.0
        self._names: list[str] = []

    def line(self, name: str, text: str) -> None:
        """A line that the process ``name`` wrote."""
        if name not in self._names:
            self._names.append(name)
        label = f"{name:<10} |"
        if self._is_terminal:
            label = f"\x1b[{COLOURS[self._names.index(name) % len(COLOURS)]}m{label}\x1b[0m"
        self._write(f"{label} {text}\n")

    def say(self, text: str) -> None:
        """Something the supervisor itself has to say."""
        self.line("chatsite", text)

    def progress(self, text: str) -> None:
        """What is being waited for: the last line of a terminal, elsewhere a line now and then."""
        if self._is_terminal:
            self._write("", progress=text)
        elif time.monotonic() - self._progress_at >= PROGRESS_EVERY:
            self._progress_at = time.monotonic()
            self.say(text)

    def end_progress(self) -> None:
        self._write("", progress="")
        self._progress_at = 0.0

    def block(self, rows: dict[str, str]) -> None:
        """A titled table that stands out from the log lines."""
        width = max(map(len, rows))
        bold, plain = ("\x1b[1m", "\x1b[0m") if self._is_terminal else ("", "")
        lines = [f"  {bold}{name:<{width}}{plain}  {value}\n" for name, value in rows.items()]
        self._write("\n" + "".join(lines) + "\n")

    def _write(self, text: str, progress: str | None = None) -> None:
        before = "\r\x1b[K" if self._progress else ""
        self._progress = self._progress if progress is None else progress
        if not self._is_open:
            return
        try:
            self._stream.write(before + text + self._progress)
            self._stream.flush()
        except OSError:  # the reader of a pipe is gone, or the terminal is
            self._is_open = False

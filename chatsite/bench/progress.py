"""A bar on the terminal that says how far a benchmark is; where there is no terminal, a line a step."""

import sys
import time

WIDTH = 30


class Progress:
    """Written to standard error, so that standard output holds the results alone."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._seconds = 1.0
        self._done = 0.0
        self._text = ""
        self._began = time.monotonic()

    def begin(self, seconds: float) -> None:
        """About how long all of it takes."""
        self._seconds = seconds
        self._began = time.monotonic()

    def tell(self, text: str) -> None:
        """What is measured now."""
        self._text = text
        self._show()

    def advance(self, seconds: float) -> None:
        """A step that took about so long is done."""
        self._done += seconds
        if self._is_terminal:
            self._show()

    def end(self) -> None:
        if self._is_terminal:
            sys.stderr.write("\r\x1b[K")

    def _show(self) -> None:
        share = min(1.0, self._done / self._seconds)
        if self._is_terminal:
            full = round(share * WIDTH)
            pace = (time.monotonic() - self._began) / self._done if self._done else 1.0  # a machine may be slow
            left = max(0.0, self._seconds - self._done) * pace
            sys.stderr.write(f"\r\x1b[K[{'#' * full}{'.' * (WIDTH - full)}] {left:.0f} s left, {self._text}")
        else:
            sys.stderr.write(f"{share:4.0%} {self._text}\n")
        sys.stderr.flush()

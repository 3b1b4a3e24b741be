"""A bar on the terminal for what takes long; nothing where standard error goes elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

WIDTH = 30
EVERY_S = 0.1


def progress(things: Iterable[T], total: int) -> Iterator[T]:
    """The things as they come. Standard output stays the caller's."""
    if not sys.stderr.isatty():
        yield from things
        return
    shown = 0.0
    for done, thing in enumerate(things, 1):
        if time.monotonic() - shown >= EVERY_S:
            shown = time.monotonic()
            _show(done, total)
        yield thing
    sys.stderr.write("\r\x1b[K")
    sys.stderr.flush()


def _show(done: int, total: int) -> None:
    share = min(1.0, done / max(1, total))
    full = round(share * WIDTH)
    sys.stderr.write(f"\r\x1b[K[{'#' * full}{'.' * (WIDTH - full)}] {share:.0%}, {done:,} of {total:,}")
    sys.stderr.flush()

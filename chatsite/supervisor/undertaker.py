"""Kills what a killed supervisor leaves behind, grandchildren included.

Runs as a process of its own. It reads process groups from its standard input, ``+123`` for one that began and ``-123``
for one that is gone; when the input ends, the supervisor is gone, and every group still known is killed.
"""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path


class Undertaker:
    """The supervisor's end of it."""

    def __init__(self) -> None:
        command = [sys.executable, "-I", "-S", str(Path(__file__))]
        reads, self._pipe = os.pipe()
        self._process = subprocess.Popen(command, stdin=reads, start_new_session=True)
        os.close(reads)

    def add(self, group: int) -> None:
        self._tell(f"+{group}\n")

    def remove(self, group: int) -> None:
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """End it; groups that were not removed are killed."""
        os.close(self._pipe)
        self._process.wait()

    def _tell(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # somebody killed it: the site goes on without
            os.write(self._pipe, line.encode())


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()

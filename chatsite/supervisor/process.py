"""One process under supervision: started in a session of its own, restarted with back-off, stopped whole."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chatsite.supervisor.console import Console, LogFile
from chatsite.supervisor.undertaker import Undertaker

TETHER = Path(__file__).with_name("tether.py")
MOST_DEATHS = 5
WITHIN_SECONDS = 60.0
LONGEST_PAUSE = 10.0
HOPELESS_PAUSE = 60.0  # of one that died so often, where the site can go on without it
LONGEST_LINE = 65_536
LAST_LINES = 10


@dataclass(frozen=True)
class Spec:
    """What to run. Processes of a lower ``stop_rank`` are stopped first; ``patience`` is how long that may take, in s.

    ``is_up`` says whether it serves yet; those that name it in ``after`` wait for that before their first start. What a
    ``quiet`` one writes goes to its log file, and to the terminal only when it died. One that is not ``vital`` may die
    as often as it will: it is started again, in the end once a minute, and the site goes on.
    """

    name: str
    command: list[str]
    stop_rank: int
    patience: float
    is_up: Callable[[], bool] = field(default=lambda: True)
    after: str = ""
    quiet: bool = False
    vital: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)  # beside what the supervisor has

    @property
    def log_name(self) -> str:
        return f"{self.name.replace(' ', '-')}.log"


class Process:
    """A spec that runs, ran, or will run again at ``start_at`` (on the monotonic clock)."""

    def __init__(self, spec: Spec, console: Console, undertaker: Undertaker, logs: Path) -> None:
        self.spec = spec
        self.start_at = 0.0
        self.was_up = False
        self._console = console
        self._undertaker = undertaker
        self._log = LogFile(logs / spec.log_name)
        self._child: subprocess.Popen[bytes] | None = None
        self._partial = b""
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self.at_end = False
        self.output = -1  # file descriptor of what it writes, while it runs
        self._deaths: deque[float] = deque(maxlen=MOST_DEATHS)

    @property
    def is_running(self) -> bool:
        return self._child is not None

    def start(self) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **self.spec.environment}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self.at_end = False
        self.output, writes = os.pipe()
        os.set_blocking(self.output, False)
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *self.spec.command],
            stdin=subprocess.DEVNULL,
            stdout=writes,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
        )
        os.close(writes)
        self._undertaker.add(self._child.pid)

    def read(self) -> bool:
        """Pass on the lines it wrote. False when there are no more for now, or, if ``at_end``, for ever."""
        try:
            data = os.read(self.output, LONGEST_LINE)
        except BlockingIOError:
            return False
        self.at_end = not data
        lines = (self._partial + data).split(b"\n")
        self._partial = lines.pop()
        if self._partial and (not data or len(self._partial) > LONGEST_LINE):
            lines.append(self._partial)
            self._partial = b""
        for line in lines:
            self._pass_on(line.decode(errors="replace").rstrip())
        return bool(data)

    def has_ended(self) -> bool:
        """Whether it ended, without reaping it: the number of its group stays taken until ``reap``."""
        if self._child is None:
            return False
        return os.waitid(os.P_PID, self._child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def reap(self) -> int:
        """Kill what is left of its group and free it. Returns its exit status, negative for a signal."""
        if self._child is None:
            return 0
        self._signal(os.killpg, signal.SIGKILL)
        self._undertaker.remove(self._child.pid)
        status = self._child.wait()
        self._child = None
        while self.read():
            pass
        os.close(self.output)
        return status

    def note_death(self) -> bool:
        """Show what a quiet one said last, and plan the next start. False when a vital one died too often for that."""
        while self._last_lines:
            self._console.line(self.spec.name, self._last_lines.popleft())
        now = time.monotonic()
        self._deaths.append(now)
        recent = [when for when in self._deaths if when > now - WITHIN_SECONDS]
        self.start_at = now + min(LONGEST_PAUSE, 0.5 * 2 ** (len(recent) - 1))
        never_worked = not self.was_up and len(self._deaths) == MOST_DEATHS
        if len(recent) < MOST_DEATHS and not never_worked:
            return True
        self.start_at = now + HOPELESS_PAUSE
        return not self.spec.vital

    def terminate(self) -> None:
        """Ask it to end. The process alone, not its group: an engine's own processes end when it tells them."""
        self._signal(os.kill, signal.SIGTERM)

    def _signal(self, send: Callable[[int, int], None], number: int) -> None:
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # on macOS a group of zombies only: EPERM
                send(self._child.pid, number)

    def _pass_on(self, line: str) -> None:
        self._log.write(line)
        if self.spec.quiet:
            self._last_lines.append(line)
        else:
            self._console.line(self.spec.name, line)

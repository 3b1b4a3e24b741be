"""Processor time and memory of processes, read from ``/proc``."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

_HELD = ("01", "08")  # the kernel's states: open, and closed by the other side alone
_PROCESS_CLOCK = 2  # of the kernel's clock ids for another process: all its threads, those that ended included


@dataclass(frozen=True, slots=True)
class Usage:
    """What processes have used: seconds of processor time; megabytes that are resident now."""

    cpu_s: float
    rss_mb: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What some processes and the whole machine had used at a moment of ``time.monotonic()``."""

    at: float
    machine_cpu_s: float
    processes: dict[str, Usage]


def usage(*pids: int) -> Usage:
    """Of some processes together. One that is gone counts as nothing."""
    return Usage(sum(map(_cpu_s, pids)), sum(map(_rss_mb, pids)))


def pss_mb(*pids: int) -> float:
    """Megabytes of some processes of one's own together; of a page that is shared, their share."""
    lines = [line for pid in pids for line in _text(Path(f"/proc/{pid}/smaps_rollup")).splitlines()]
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


def machine_cpu_s() -> float:
    """Processor time of everything on this machine since it started, in seconds."""
    user, nice, system, _, _, irq, softirq = map(int, _text(Path("/proc/stat")).split(maxsplit=8)[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def available_mb() -> float:
    """Memory of this machine that can be had without swapping, in megabytes."""
    lines = _text(Path("/proc/meminfo")).splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("MemAvailable:")), 0.0)


def peers(port: int) -> set[int]:
    """The other sides' ports of the connections that somebody here holds open on a port of his."""
    lines = [line.split() for name in ("tcp", "tcp6") for line in _text(Path("/proc/net") / name).splitlines()[1:]]
    ours = f":{port:04X}"
    return {int(there[-4:], 16) for _, here, there, state, *_ in lines if here.endswith(ours) and state in _HELD}


def descendants(pid: int) -> list[int]:
    """All processes that a process started, and those that they started."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, _text(children).split()):
            found += [child, *descendants(child)]
    return found


def command_line(pid: int) -> str:
    """How a process was started."""
    return _text(Path(f"/proc/{pid}/cmdline")).replace("\0", " ")


def _cpu_s(pid: int) -> float:
    try:
        return time.clock_gettime(~pid << 3 | _PROCESS_CLOCK)
    except OSError:
        return 0.0


def _rss_mb(pid: int) -> float:
    lines = _text(Path(f"/proc/{pid}/status")).splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""

"""``python -m tests.pins``: the locks are whole, and where what is installed differs from them it is told. Asks nobody.

Whether a locked release has a known weakness only an advisory service can say: ``make audit`` asks one.
"""

import re
import sys
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"
ELSEWHERE = {"clients", "audit"}  # in environments of their own
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)(?:\[[a-z0-9_,-]+\])?==(?P<version>[^\s;]+)(?P<marker>\s*;[^\\]*)?")
ASKED = re.compile(r"^([a-z0-9][a-z0-9._-]*)", re.I)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


def main() -> int:
    locks = [lock for lock in sorted(REQUIREMENTS.glob("*.txt")) if lock.with_suffix(".in").exists()]
    wrong = [f"{lock.name}: {one}" for lock in locks for one in faults(lock)]
    here = others({lock.stem: lock.read_text() for lock in locks if lock.stem not in ELSEWHERE})
    for line in [*wrong, *(f"here only: {one}" for one in here)]:  # a workplace may try something; a fresh one cannot
        print(line)  # noqa: T201 - a command line
    pins = sum(len(entries(lock.read_text())) for lock in locks)
    print(f"{pins} pins in {len(locks)} files. Known weaknesses are asked for by: make audit")  # noqa: T201
    return 1 if wrong else 0


def faults(lock: Path) -> list[str]:
    """What is wrong with a lock file."""
    found, pinned = [], set()
    for entry in entries(lock.read_text()):
        pin = PIN.match(entry)
        if pin is None:
            found.append(f"{entry.split()[0]} is no exact pin")
        elif not HASH.search(entry):
            found.append(f"{pin['name']} has no SHA-256")
        else:
            pinned.add(pin["name"])
    missing = asked(lock.with_suffix(".in").read_text()) - pinned
    return [*found, *(f"{name} is asked for and not pinned: make lock" for name in sorted(missing))]


def others(locks: dict[str, str]) -> list[str]:
    """What is installed in another version than any lock says; what is not, is for another machine or engine."""
    pinned = defaultdict(set)
    for text in locks.values():
        for entry in entries(text):
            if pin := PIN.match(entry):
                pinned[pin["name"]].add(pin["version"].partition("+")[0])
    installed = {name: _installed(name) for name in pinned}
    return [
        f"{name} {found} is installed, not {' or '.join(sorted(pinned[name]))}"
        for name, found in installed.items()
        if found and found not in pinned[name]
    ]


def entries(text: str) -> list[str]:
    """Each requirement with its continued lines, without comments."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines()


def asked(text: str) -> set[str]:
    names = (ASKED.match(line) for line in text.splitlines())
    return {re.sub(r"[._]", "-", name[1]).lower() for name in names if name}


def _installed(name: str) -> str:
    try:
        return version(name).partition("+")[0]
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    sys.exit(main())

"""``make audit``: are there known weaknesses in what is locked? pip-audit asks PyPI's advisories.

Exits with 1 when there are, and with 2 when it could not ask: then nothing is known, and that is said.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / ".venv" / "audit" / "bin" / "pip-audit"
OPTIONS = ("--disable-pip", "--require-hashes", "--format=json", "--progress-spinner=off", "--timeout=15")


def main() -> int:
    status = 0
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        if not lock.with_suffix(".in").exists():
            continue
        told = ask(lock)
        if told is None:
            status = 2
            continue
        weak = [one for one in told["dependencies"] if one.get("vulns")]
        for one in weak:
            known = ", ".join(vuln["id"] for vuln in one["vulns"])
            print(f"{lock.name}: {one['name']} {one['version']}: {known}")  # noqa: T201 - a command line
        print(f"{lock.name}: {len(told['dependencies'])} asked about, {len(weak)} with known weaknesses.")  # noqa: T201
        status = max(status, 1 if weak else 0)
    return status


def ask(lock: Path, program: Path = PROGRAM) -> dict[str, Any] | None:
    """What is known of a lock file's releases; None, and a line that says so, when nobody could be asked."""
    done = subprocess.run([program, *OPTIONS, "-r", lock], capture_output=True, text=True, check=False)
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        last = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"{lock.name}: could not ask, so nothing is known of it. {last[:300]}")  # noqa: T201
        return None
    return told


if __name__ == "__main__":
    sys.exit(main())

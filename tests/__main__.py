"""``python -m tests``: every test on SQLite, then what touches the database again on PostgreSQL.

Arguments are pytest's. The exit status is 0 only when both runs passed.
"""

import os
import subprocess
import sys

NO_TESTS = 5


def main() -> int:
    statuses = [_pytest("sqlite"), _pytest("postgresql")]
    return max(0 if status == NO_TESTS and len(sys.argv) > 1 else status for status in statuses)


def _pytest(database: str) -> int:
    print(f"\n=== Tests on {database} ===", flush=True)  # noqa: T201 - a command line
    environment = {**os.environ, "CHATSITE_TEST_DATABASE": database}
    return subprocess.run([sys.executable, "-m", "pytest", *sys.argv[1:]], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

"""``python -m tests``: every test on SQLite, and what touches the database again on PostgreSQL.

Three runs at a time, for the time it takes: the tests that start processes and browsers, and beside them the rest on
each database. What the first prints is seen at once, what the others print when they are done. Arguments are pytest's;
with a path among them there is nothing to share out. The exit status is 0 only when all passed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from tests.places import ON_EACH_DATABASE, WITH_PROCESSES

NO_TESTS = 5
TESTS = Path(__file__).parent


def main() -> int:
    if any(Path(argument.partition("::")[0]).exists() for argument in sys.argv[1:]):
        return max(_pytest("sqlite", "all of these"), _pytest("postgresql", "what of these touches the database"))
    heavy = [str(TESTS / name) for name in WITH_PROCESSES]
    is_long = "--long" in sys.argv[1:]
    beside = {
        "the rest": ("sqlite", [f"--ignore={path}" for path in heavy]),
        "what touches the database": (
            "postgresql",
            [] if is_long else [str(TESTS / name) for name in sorted(ON_EACH_DATABASE)],
        ),
    }
    with ThreadPoolExecutor() as threads, ExitStack() as stack:
        runs = []
        for part, (database, which) in beside.items():
            said = stack.enter_context(tempfile.TemporaryFile())
            runs.append((said, threads.submit(_pytest, database, part, *which, to=said)))
        statuses = [_pytest("sqlite", "processes and browsers", *heavy)]
        for said, run in runs:
            statuses.append(run.result())
            said.seek(0)
            shutil.copyfileobj(said, sys.stdout.buffer)
            sys.stdout.flush()
    return max(statuses)


def _pytest(database: str, part: str, *which: str, to: IO[bytes] | None = None) -> int:
    """Run pytest, printing to the terminal or to a file; its exit status. That ARGS leave no test is no fault."""
    os.write(to.fileno() if to else sys.stdout.fileno(), f"\n=== Tests on {database}: {part} ===\n".encode())
    command = [sys.executable, "-m", "pytest", *which, *sys.argv[1:]]
    environment = {**os.environ, "CHATSITE_TEST_DATABASE": database}
    status = subprocess.run(command, env=environment, stdout=to, stderr=to, check=False).returncode
    return 0 if status == NO_TESTS and len(sys.argv) > 1 else status


if __name__ == "__main__":
    sys.exit(main())

"""``python -m tests``: every test on SQLite, and what touches the database again on PostgreSQL.

Four runs at a time, since each of them waits now and then: the tests in browsers, those that start processes, those
that load engines, those of people; PostgreSQL's and the rest when two of these are done. What the first prints is
seen at once, what the others print when they are done. Arguments are pytest's; with a path among them there is
nothing to share out. The exit status is 0 only when all passed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from tests.places import OF_ENGINES, OF_PEOPLE, ON_EACH_DATABASE, WITH_BROWSERS, WITH_PROCESSES

NO_TESTS = 5
AT_A_TIME = 4
TESTS = Path(__file__).parent


def main() -> int:
    if any(Path(argument.partition("::")[0]).exists() for argument in sys.argv[1:]):
        return max(_pytest("sqlite", "all of these"), _pytest("postgresql", "what of these touches the database"))
    apart = _paths((*WITH_BROWSERS, *WITH_PROCESSES, *OF_ENGINES, *OF_PEOPLE))
    on_each = [] if "--long" in sys.argv[1:] else _paths(ON_EACH_DATABASE)
    beside = {
        "processes": ("sqlite", _paths(WITH_PROCESSES)),
        "engines": ("sqlite", _paths(OF_ENGINES)),
        "people": ("sqlite", _paths(OF_PEOPLE)),
        "what touches the database": ("postgresql", on_each),
        "the rest": ("sqlite", [f"--ignore={path}" for path in apart]),
    }
    with ThreadPoolExecutor(AT_A_TIME) as threads, ExitStack() as stack:
        first = threads.submit(_pytest, "sqlite", "browsers", *_paths(WITH_BROWSERS))
        runs = []
        for part, (database, which) in beside.items():
            said = stack.enter_context(tempfile.TemporaryFile())
            runs.append((said, threads.submit(_pytest, database, part, *which, to=said)))
        statuses = [first.result()]
        for said, run in runs:
            statuses.append(run.result())
            said.seek(0)
            shutil.copyfileobj(said, sys.stdout.buffer)
            sys.stdout.flush()
    return max(statuses)


def _paths(names: Iterable[str]) -> list[str]:
    return [str(TESTS / name) for name in sorted(names)]


def _pytest(database: str, part: str, *which: str, to: IO[bytes] | None = None) -> int:
    """Run pytest, printing to the terminal or to a file; its exit status. That ARGS leave no test is no fault."""
    os.write(to.fileno() if to else sys.stdout.fileno(), f"\n=== Tests on {database}: {part} ===\n".encode())
    command = [sys.executable, "-m", "pytest", *which, *sys.argv[1:]]
    environment = {**os.environ, "CHATSITE_TEST_DATABASE": database}
    status = subprocess.run(command, env=environment, stdout=to, stderr=to, check=False).returncode
    return 0 if status == NO_TESTS and len(sys.argv) > 1 else status


if __name__ == "__main__":
    sys.exit(main())

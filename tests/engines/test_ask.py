"""``manage.py ask`` as a person runs it: a process, its two outputs, its exit status."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CATALOG = """
[[model]]
name = "parrot"
label = "Parrot"
engine = "scripted"
context_window = 400
slots = 1
options = { echo = true, rate = 500 }

[[model]]
name = "slow"
label = "Slow"
engine = "scripted"
context_window = 8000
slots = 1
options = { tokens = 2000, rate = 20, ttft = 0.01 }
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "catalog.toml").write_text(CATALOG)
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "chatsite.settings",
        "CHATSITE_CATALOG": str(tmp_path / "catalog.toml"),
        "CHATSITE_DATA_DIR": str(tmp_path / "data"),
        "CHATSITE_CACHE_DIR": str(tmp_path / "cache"),
    }


def ask(environment: dict[str, str], *arguments: str, said: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", "ask", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, input=said, capture_output=True, text=True, check=False)


def test_the_reply_alone_is_on_standard_output(environment: dict[str, str]) -> None:
    done = ask(environment, "Say 你好 back", "--model", "parrot")
    assert (done.returncode, done.stdout) == (0, "Say 你好 back\n")
    assert "Loading Parrot" in done.stderr
    assert "tokens read" in done.stderr


def test_the_question_may_come_from_standard_input(environment: dict[str, str]) -> None:
    done = ask(environment, "-", "--model", "parrot", said="from a file")
    assert (done.returncode, done.stdout) == (0, "from a file\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("Hi", "--model", "parot"), "no model 'parot'. Did you mean 'parrot'? Known: parrot, slow."),
        (("Hi",), "no model can run here. None is automatic."),
        (("word " * 2000, "--model", "parrot"), "at most 336 fit this model"),
        (("Hi", "--model", "parrot", "--max-tokens", "0"), "max_tokens must be at least 1."),
    ],
)
def test_an_error_is_one_line(environment: dict[str, str], arguments: tuple[str, ...], words: str) -> None:
    done = ask(environment, *arguments)
    assert done.returncode == 1
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Programs that are started meanwhile hear Ctrl-C, also where a shell runs these tests in its background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_stops_it_and_keeps_what_was_said(environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "ask", "Go on", "--model", "slow"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        first = process.stdout.read(5)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert time.monotonic() - began < 5
    assert (first + rest).strip()
    assert said.rstrip().endswith("Stopped.")
    assert "Traceback" not in said

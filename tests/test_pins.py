"""The gate's look at the locks sees what is wrong with one; the audit says when it could not ask."""

import json
from pathlib import Path

import django
import pytest

from tests import advisories, pins

HASH = "--hash=sha256:" + "a" * 64
LEFT = f"left-pad==1.0 \\\n    {HASH} \\\n    {HASH}\n    # via x\n"
GOOD = f"# made by\n{LEFT}right==2.0 ; sys_platform == 'win32' \\\n    {HASH}\n"
MISSING = "left-pad is asked for and not pinned: make lock"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    (tmp_path / "x.in").write_text("# why\n-c base.txt\nLeft_pad>=1\nright[more]\n")
    return tmp_path / "x.txt"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (GOOD, []),
        (
            GOOD.replace("==1.0", ">=1.0"),
            ["left-pad>=1.0 is no exact pin", MISSING],
        ),
        (GOOD.replace("==1.0", "[extra]==1.0"), []),
        (GOOD.replace("sha256", "md5"), ["left-pad has no SHA-256", "right has no SHA-256"]),
        (GOOD + "-e ../somewhere\n", ["-e is no exact pin"]),
        (GOOD + "one @ https://evil.example/one.whl\n", ["one is no exact pin"]),
        (f"right==2.0 {HASH}\n", [MISSING]),
    ],
)
def test_each_fault_is_named(lock: Path, text: str, wrong: list[str]) -> None:
    lock.write_text(text)
    found = pins.faults(lock)
    assert [one for one in found if "not pinned" not in one or one in wrong] == wrong


def test_what_is_installed_is_what_is_locked() -> None:
    other = f"django==0.1 {HASH}\n"
    (told,) = pins.others({"one": other})
    assert told.startswith("django ")
    assert told.endswith("is installed, not 0.1")
    assert pins.others({"one": other, "two": f"django=={django.__version__} {HASH}\n"}) == []
    assert pins.others({"one": f"no-such-package==1 {HASH}\n"}) == []


def program(folder: Path, says: str, status: int = 0) -> Path:
    made = folder / "program"
    made.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\necho 'ERROR: no network' >&2\nexit {status}\n")
    made.chmod(0o700)
    return made


def test_who_cannot_ask_says_so(lock: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert advisories.ask(lock, program(tmp_path, "", 1)) is None
    assert "could not ask, so nothing is known of it. ERROR: no network" in capsys.readouterr().out
    known = {"dependencies": [{"name": "left-pad", "version": "1.0", "vulns": [{"id": "CVE-1"}]}]}
    assert advisories.ask(lock, program(tmp_path, json.dumps(known), 1)) == known

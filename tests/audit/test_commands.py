"""The commands: one says whether the log is what was written, the other takes it away."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from audit import chain
from audit.log import record
from audit.progress import progress
from tests.audit.written import guard_down, hash_anew, move, spoil, write

pytestmark = pytest.mark.django_db
Run = Callable[..., str]


@pytest.fixture
def run() -> Run:
    def call(*arguments: str) -> str:
        out = io.StringIO()
        call_command(*arguments, stdout=out)
        return out.getvalue()

    return call


# --- verify_audit -----------------------------------------------------------------------------------------------------


def test_a_whole_log_is_said_to_be_so(run: Run) -> None:
    assert run("verify_audit").startswith("0 entries")
    last = write(5)[-1]
    assert run("verify_audit") == f"5 entries, each as it was written. The last: {last.hash}\n"


BROKEN = {
    "a changed word": ("UPDATE audit_entry SET action = 'other' WHERE id = 3", 3, "hash is not of what it says"),
    "a changed detail": ("UPDATE audit_entry SET details = '{}' WHERE id = 3", 3, "hash is not of what it says"),
    "another person": ("UPDATE audit_entry SET actor_name = 'bob' WHERE id = 3", 3, "hash is not of what it says"),
    "a changed time": ("UPDATE audit_entry SET at = '2020-01-01' WHERE id = 3", 3, "hash is not of what it says"),
    "a changed hash": ("UPDATE audit_entry SET hash = 'ffff' WHERE id = 3", 3, "hash is not of what it says"),
    "a missing entry": ("DELETE FROM audit_entry WHERE id = 3", 3, "is missing"),
    "a missing beginning": ("DELETE FROM audit_entry WHERE id < 3", 1, "is missing"),
    "two missing": ("DELETE FROM audit_entry WHERE id IN (2, 3)", 2, "is missing"),
    "a number changed": ("UPDATE audit_entry SET id = 9 WHERE id = 5", 5, "is missing"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_the_first_broken_entry_is_named(run: Run, how: str) -> None:
    statement, number, why = BROKEN[how]
    write(5)
    spoil(statement)
    with pytest.raises(SystemExit, match=f"Entry {number}: .*{why}") as ended:
        run("verify_audit")
    assert ended.value.code not in {0, None}


def test_an_entry_forged_with_its_own_hash_does_not_fit_the_next(run: Run) -> None:
    entries = write(5)
    entries[2].action = "other"
    forged = entries[2].fingerprint()
    spoil("UPDATE audit_entry SET action = 'other', hash = %s WHERE id = 3", forged)
    with pytest.raises(SystemExit, match="Entry 4: it does not follow the entry before"):
        run("verify_audit")


def test_a_tail_cut_off_is_seen_by_who_knows_a_hash_of_it(run: Run) -> None:
    entries = write(5)
    spoil("DELETE FROM audit_entry WHERE id > 3")
    assert run("verify_audit").startswith("3 entries")  # by itself, what is left holds
    assert run("verify_audit", "--expect", entries[2].hash).startswith("3 entries")
    with pytest.raises(SystemExit, match=f"Not in the log: {entries[4].hash}"):
        run("verify_audit", "--expect", entries[2].hash, "--expect", entries[4].hash)
    write(4)
    with pytest.raises(SystemExit, match="Not in the log"):
        run("verify_audit", "--expect", entries[4].hash)


def test_a_log_written_anew_as_a_whole_is_seen_too(run: Run) -> None:
    known = write(5)[-1].hash
    with guard_down() as cursor:
        cursor.execute("UPDATE audit_entry SET action = 'other' WHERE id = 2")
        hash_anew(cursor, 2)
    assert run("verify_audit").startswith("5 entries")
    with pytest.raises(SystemExit, match="written anew"):
        run("verify_audit", "--expect", known)


def test_an_emptied_log_is_seen(run: Run) -> None:
    known = write(1)[0].hash
    spoil("DELETE FROM audit_entry")
    with pytest.raises(SystemExit, match="Not in the log"):
        run("verify_audit", "--expect", known)


def test_a_missing_guard_is_said(run: Run) -> None:
    write(1)
    with guard_down(), pytest.raises(SystemExit, match="guard against changes is gone"):
        run("verify_audit")
    assert run("verify_audit").startswith("1 entries")


def test_the_newest_are_looked_at_alone(run: Run) -> None:
    assert chain.newest_hold(3)
    write(6)
    assert chain.newest_hold(3)
    assert chain.newest_hold(100)
    spoil("UPDATE audit_entry SET action = 'other' WHERE id = 2")
    assert chain.newest_hold(3)
    assert not chain.newest_hold(6)
    spoil("DELETE FROM audit_entry WHERE id = 3")
    assert not chain.newest_hold(3)


# --- export_audit -----------------------------------------------------------------------------------------------------


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


RECIPE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def test_an_export_can_be_verified_as_the_page_says(
    run: Run, alice: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the recipe of docs/audit.md, with nothing of ours."""
    (recipe,) = RECIPE.findall((settings.BASE_DIR / "docs" / "audit.md").read_text())
    record("person.suspended", actor=alice, subject=alice, details={"why": "naïve 名字 🙂", "share": 0.1, "n": 1e22})
    write(3)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "audit.jsonl"
    command = [sys.executable, "-I", "-c", recipe]
    whole = run("export_audit")
    file.write_text(whole, encoding="utf-8")
    assert subprocess.run(command, check=False, env={"PYTHONUTF8": "1"}).returncode == 0
    for forged in (whole.replace("naïve", "naive"), whole.replace('"number": 1', '"number": 7')):
        assert forged != whole
        file.write_text(forged, encoding="utf-8")
        assert subprocess.run(command, check=False, capture_output=True, env={"PYTHONUTF8": "1"}).returncode == 1


def test_a_part_of_the_time_is_exported(run: Run) -> None:
    entries = write(4)
    for entry, day in zip(entries, (1, 2, 3, 4), strict=True):
        move(entry, datetime(2026, 3, day, 12, tzinfo=UTC))
    assert [line["id"] for line in lines(run("export_audit", "--since", "2026-03-02"))] == [2, 3, 4]
    assert [line["id"] for line in lines(run("export_audit", "--until", "2026-03-03T12:00:00Z"))] == [1, 2]
    part = run("export_audit", "--since", "2026-03-02T12:00:00+00:00", "--until", "2026-03-03T12:00:01")
    assert [line["id"] for line in lines(part)] == [2, 3]
    assert run("export_audit", "--since", str((timezone.now() + timedelta(days=1)).date())) == ""


@pytest.mark.parametrize("nonsense", ["yesterday", "2026-02-30", "2026-02-30T12:00:00Z", "12"])
def test_a_time_that_is_none_is_refused(run: Run, nonsense: str) -> None:
    with pytest.raises(CommandError, match="is not a time"):
        run("export_audit", "--since", nonsense)


# --- The bar ----------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal_and_wiped_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", screen := Terminal())
    monkeypatch.setattr("audit.progress.EVERY_S", 0)
    assert list(progress(range(4), 4)) == [0, 1, 2, 3]
    assert "[########" in screen.getvalue()
    assert "50%, 2 of 4" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")


def test_elsewhere_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", file := io.StringIO())
    assert list(progress(range(4), 0)) == [0, 1, 2, 3]
    assert file.getvalue() == ""

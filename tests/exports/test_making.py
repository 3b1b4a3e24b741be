"""Processes are started as long as something waits, so many and no more, and each runs the command it is for."""

import os
import subprocess
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import User
from exports import making, tasks
from exports.imports.rows import Import
from exports.models import ExportJob

pytestmark = pytest.mark.django_db
LAPSED, HELD = "2020-01-01T00:00Z", "2900-01-01T00:00Z"


class Process:
    """Runs until it is told that it ended."""

    def __init__(self, words: list[str], **_more: Any) -> None:
        self.command = words[2]
        self.code: int | None = None

    def poll(self) -> int | None:
        return self.code


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    found: list[Process] = []

    def start(*args: Any, **more: Any) -> Process:
        found.append(Process(*args, **more))
        return found[-1]

    monkeypatch.setattr(making, "_processes", {})
    monkeypatch.setattr(subprocess, "Popen", start)
    return found


def test_nothing_waits_so_nothing_is_started(alice: User, started: list[Process]) -> None:
    ExportJob.objects.create(owner=alice, form="jsonl", state="running", lease_until=HELD)
    ExportJob.objects.create(owner=alice, form="jsonl", state="done")
    tasks.make_exports()
    tasks.read_imports()
    assert started == []


@pytest.mark.parametrize("row", [{"state": "waiting"}, {"state": "running", "lease_until": LAPSED}])
def test_what_waits_or_was_left_is_made(alice: User, started: list[Process], row: dict[str, Any]) -> None:
    ExportJob.objects.create(owner=alice, form="jsonl", **row)
    for _ in range(making.AT_ONCE + 1):
        tasks.make_exports()
    assert [one.command for one in started] == ["make_exports"] * making.AT_ONCE
    Import.objects.create(owner=alice, name="x", size=1, **row)
    tasks.read_imports()
    assert started[-1].command == "read_imports", "the other command's do not keep it waiting"
    started[0].code = 0
    tasks.make_exports()
    assert len(started) == making.AT_ONCE + 2


def test_each_command_makes_what_it_is_for(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(os, "nice", given.append)
    job = ExportJob.objects.create(owner=alice, form="jsonl")
    row = Import.objects.create(owner=alice, name="x", size=2)
    row.path.write_bytes(b"[]")
    call_command("make_exports")
    call_command("read_imports")
    job.refresh_from_db()
    row.refresh_from_db()
    assert (job.state, row.state) == ("done", "done")
    assert given == [making.NICE] * 2, "replies come first"

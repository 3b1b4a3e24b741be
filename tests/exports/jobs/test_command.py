"""``manage.py export``: to a file, and what changed since."""

import json
import stat
import zipfile
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from exports.jobs.held import claim
from exports.jobs.verifying import verify
from exports.models import ExportJob
from tests.exports.many import said

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]


def export(file: Path, person: str = "alice", **options: object) -> str:
    out = StringIO()
    call_command("export", person, str(file), stdout=out, stderr=StringIO(), **options)
    return out.getvalue().strip()


def ids(file: Path) -> set[str]:
    with zipfile.ZipFile(file) as read:
        return {json.loads(line)["id"] for line in read.read("conversations.jsonl").splitlines()}


def test_a_persons_conversations_go_to_a_file(alice: User, bob: User, tmp_path: Path) -> None:
    mine, _his = said(alice, "Hi", "Hello"), said(bob, "A secret", "Yes")
    file = tmp_path / "out.zip"
    export(file, "alice@example.org")
    assert ids(file) == {str(mine.pk)}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert verify(file).faults == []


def test_then_only_what_changed(alice: User, tmp_path: Path) -> None:
    said(alice, "Hi", "Hello")
    first = export(tmp_path / "first.zip")
    new = said(alice, "New", "News")
    export(tmp_path / "second.zip", update_of=first)
    assert ids(tmp_path / "second.zip") == {str(new.pk)}


def test_what_cannot_be_is_said(alice: User, bob: User, tmp_path: Path) -> None:
    file = tmp_path / "out.zip"
    with pytest.raises(CommandError, match="No active people"):
        export(file, "nobody")
    with pytest.raises(CommandError, match="folder: "):
        export(file, folder="Nowhere")
    for wrong in ("first", "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(CommandError, match="There is no export"):
            export(file, update_of=wrong)
    theirs = export(tmp_path / "bobs.zip", "bob")
    with pytest.raises(CommandError, match="There is no export"):
        export(file, update_of=theirs)
    file.write_bytes(b"mine")
    with pytest.raises(CommandError, match="is there already"):
        export(file)
    assert file.read_bytes() == b"mine"


def test_one_at_a_time(alice: User, tmp_path: Path) -> None:
    ExportJob.objects.create(owner=alice, form="jsonl")
    assert claim()
    with pytest.raises(CommandError, match="Another export"):
        export(tmp_path / "out.zip")
    assert ExportJob.objects.count() == 1

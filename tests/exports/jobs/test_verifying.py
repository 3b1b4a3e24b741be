"""Whoever changes an export is found out: a file, a message, the list of files, the root."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from exports.forms import form
from exports.forms.options import Options
from exports.jobs.archive import Archive
from exports.jobs.verifying import NotAnExport, verify
from exports.records import Record
from tests.exports.many import talk

Change = Callable[[dict[str, bytes]], object]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "made.zip"
    with Archive(path, {"job": "x"}, {"form": "jsonl"}) as archive:

        def counted() -> Iterator[Record]:
            for number in (1, 2):
                record = talk("What is tea?", "A leaf.", number=number)
                archive.count(record.id, record.messages)
                yield record

        form("jsonl").write(counted(), archive, Options())
    return path


def changed(made: Path, change: Change) -> list[str]:
    """What is found when its files are changed so."""
    with zipfile.ZipFile(made) as read:
        files = {name: read.read(name) for name in read.namelist()}
    change(files)
    other = made.with_name("changed.zip")
    with zipfile.ZipFile(other, "w") as out:
        for name, content in files.items():
            out.writestr(name, content)
    return verify(other).faults


def listed(files: dict[str, bytes], path: str) -> None:
    """As whoever changed a file would have its line in the manifest."""
    manifest = json.loads(files["manifest.json"])
    for one in manifest["files"]:
        if one["path"] == path:
            one |= {"bytes": len(files[path]), "sha256": hashlib.sha256(files[path]).hexdigest()}
    files["manifest.json"] = json.dumps(manifest).encode()


def test_what_nobody_changed_is_as_it_was_written(made: Path) -> None:
    verdict = verify(made)
    assert (verdict.faults, verdict.conversations, verdict.messages, verdict.files) == ([], 2, 4, 2)
    assert changed(made, lambda files: None) == []


def test_what_is_about_the_run_is_no_part_of_it(made: Path) -> None:
    assert changed(made, lambda files: files.update({"export.json": b"{}"})) == []


def test_a_changed_file_is_found(made: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        files["conversations.jsonl"] = files["conversations.jsonl"].replace(b"A leaf.", b"A lead.")

    faults = changed(made, change)
    assert "conversations.jsonl is not what was written" in faults
    assert any("is not what was said" in fault for fault in faults)


def test_a_changed_message_is_found_though_the_manifest_was_changed_with_it(made: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        files["conversations.jsonl"] = files["conversations.jsonl"].replace(b"A leaf.", b"A lead.")
        listed(files, "conversations.jsonl")

    (fault,) = changed(made, change)
    assert "is not what was said" in fault


def test_changed_leaves_have_another_root(made: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        files["items.jsonl"] = b"".join(files["items.jsonl"].splitlines(keepends=True)[:-1])
        listed(files, "items.jsonl")

    assert changed(made, change) == [
        "conversations.jsonl has more messages than items.jsonl",
        "the Merkle root is another",
    ]


def test_more_and_fewer_files_are_found(made: Path) -> None:
    assert changed(made, lambda files: files.update({"more.txt": b""})) == ["more.txt is not in the manifest"]
    assert "conversations.jsonl is missing" in changed(made, lambda files: files.pop("conversations.jsonl"))


def test_a_name_that_is_there_twice_is_found(made: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(made, "a") as out:
        out.writestr("conversations.jsonl", b"another")
    assert "conversations.jsonl is there more than once" in verify(made).faults


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 half of one"])
def test_what_is_no_zip_is_no_export(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(NotAnExport):
        verify(path)


@pytest.mark.parametrize(
    "manifest", [None, b"no json", b"[]", b'{"format": "other"}', b'{"format": "chatsite/export"}']
)
def test_a_zip_of_something_else_is_no_export(tmp_path: Path, manifest: bytes | None) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("readme", "x")
        if manifest is not None:
            out.writestr("manifest.json", manifest)
    with pytest.raises(NotAnExport):
        verify(path)


def test_half_of_an_export_is_none(made: Path) -> None:
    made.write_bytes(made.read_bytes()[: made.stat().st_size // 2])
    with pytest.raises(NotAnExport):
        verify(made)


def test_the_command_says_so_and_knows_a_root_that_was_kept(made: Path) -> None:
    out = StringIO()
    root = verify(made).root
    call_command("verify_export", str(made), root=root.upper(), stdout=out)
    assert f"Merkle root {root}" in out.getvalue()
    with pytest.raises(CommandError, match="its Merkle root is"):
        call_command("verify_export", str(made), root="0" * 64)
    made.write_bytes(b"x")
    with pytest.raises(CommandError, match="no whole zip"):
        call_command("verify_export", str(made))
    with pytest.raises(CommandError, match="No such file"):
        call_command("verify_export", "/nowhere.zip")

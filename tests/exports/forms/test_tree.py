"""The tree of Markdown files: folders as they are kept, names that any system takes, an index."""

import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from exports.forms.options import Options
from exports.forms.tree import Tree
from exports.jobs.archive import Archive
from exports.records import Record
from tests.exports.many import BEGAN, talk


def written(folder: Path, records: list[Record], **options: Any) -> dict[str, str]:
    path = folder / "made.zip"
    path.unlink(missing_ok=True)
    with Archive(path, {}, {}) as archive:
        Tree().write(records, archive, Options(**options))
    with zipfile.ZipFile(path) as read:
        return {name: read.read(name).decode() for name in read.namelist() if name.endswith(".md")}


def test_each_is_in_its_folder_and_in_the_index(tmp_path: Path) -> None:
    tea = replace(talk("What is tea?", "A leaf."), folder="Kitchen", updated_at=BEGAN)
    other = replace(talk("Hi", "Hello", number=2), title="[x](javascript:alert) *loud*")
    files = written(tmp_path, [tea, other])
    path = f"Kitchen/Tea {tea.id}.md"
    assert "A leaf." in files[path]
    index = files["index.md"]
    assert f"# Kitchen\n\n- 2026-01-31 [Tea](Kitchen/Tea%20{tea.id}.md)" in index
    assert "\\[x\\](javascript:alert) \\*loud\\*" in index


def test_of_several_people_each_has_a_folder(tmp_path: Path) -> None:
    record = replace(talk("Hi", "Hello"), owner="person-1", folder="Kitchen")
    assert f"person-1/Kitchen/Tea {record.id}.md" in written(tmp_path, [record], by_owner=True)


@pytest.mark.parametrize(
    "title",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        ".",
        "",
        "a\x00b",
        "CON",
        "nul",
        "a\\b:c",
        "x" * 500,
        " .hidden. ",
        "茶" * 90,
    ],
)
def test_no_title_leads_out_of_the_folder(tmp_path: Path, title: str) -> None:
    record = replace(talk("Hi", "Hello"), title=title, folder=title or "x")
    (path,) = (name for name in written(tmp_path, [record]) if name != "index.md")
    parts = PurePosixPath(path).parts
    assert len(parts) == 2
    assert not {"..", ".", ""} & set(parts)
    assert not path.startswith("/")
    assert all(len(part.encode()) < 255 for part in parts)
    assert not set('\\:*?"<>|\x00') & set(path)

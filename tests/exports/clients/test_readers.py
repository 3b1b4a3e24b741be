"""Hugging Face's ``datasets`` reads what is exported: every form in lines, and Parquet."""

import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from exports.forms import form
from exports.forms.options import Options
from exports.jobs.archive import Archive
from exports.records import Item, Rating, Record
from tests.api.clients.conftest import Run, run
from tests.exports.many import talk

__all__ = ["run"]  # a fixture

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("model")]

MANY = 500
WHEN = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)


def records() -> list[Record]:
    """The first have nothing where the last have something: readers guess the kinds of columns from the first."""
    plain = [talk("What is tea?", "A leaf 茶.", number=number + 1) for number in range(MANY)]
    rich = talk("And coffee?", "A bean.", number=MANY + 1, tags=("a",), folder="Kitchen", instructions="Be brief.")
    rated: Item = replace(rich.messages[1], rating=Rating(1, ("other",), "Good", WHEN), options={"effort": "low"})
    return [*plain, replace(rich, messages=(rich.messages[0], rated))]


def written(folder: Path, name: str, **options: Any) -> list[str]:
    path = folder / f"{name}.zip"
    with Archive(path, {}, {}) as archive:
        form(name).write(iter(records()), archive, Options(whole=True, **options))
    with zipfile.ZipFile(path) as read:
        read.extractall(folder / name)
    return [str(one) for one in sorted((folder / name).iterdir()) if one.suffix in {".jsonl", ".parquet"}]


def test_datasets_reads_each_form(tmp_path: Path, run: Run) -> None:
    names = ("jsonl", "chunks", "openai", "sharegpt", "alpaca", "parquet")
    paths = [path for name in names for path in written(tmp_path, name) if "items" not in path]
    ran = run("tests.exports.clients.read", *paths, HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1")
    assert ran.returncode == 0, ran.stderr[-3000:]
    found = {Path(path).name: told for path, told in json.loads(ran.stdout).items()}
    assert {told["rows"] for name, told in found.items() if name not in {"messages.parquet"}} == {MANY + 1}
    rows = found["messages.parquet"]
    assert rows["rows"] == 2 * (MANY + 1)
    assert (rows["first"]["text"], rows["first"]["position"], rows["first"]["on_branch"]) == ("What is tea?", 0, True)
    assert rows["first"]["created_at"] == str(WHEN)
    assert found["openai.jsonl"]["first"]["messages"][1] == {"role": "assistant", "content": "A leaf 茶."}
    assert found["chunks.jsonl"]["first"]["text"] == "What is tea?\n\nA leaf 茶."

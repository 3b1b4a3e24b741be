"""The checklist of docs/security.md names only what there is: each test, each setting, each file."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

from chatsite.environment import VARIABLES

PAGE = settings.BASE_DIR / "docs" / "security.md"
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (.+?) \| (.+) \|$", re.M)
NAMED = re.compile(r"`([^`]+)`")
NUMBER = re.compile(r"\b\d+\.\d+\.\d+\b")
MET, _, REST = PAGE.read_text().partition("## What does not apply")
ROWS = ROW.findall(MET)


def is_there(name: str) -> bool:
    if name.startswith("CHATSITE_"):
        return name in {variable.name for variable in VARIABLES}
    if name.startswith("settings."):
        return hasattr(settings, name.removeprefix("settings."))
    path, _, member = name.partition("::")
    if not member:
        return bool((settings.BASE_DIR / path).is_file())
    file = Path(settings.BASE_DIR / "tests" / path)
    if not file.is_file():
        return False
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return any(isinstance(node, kinds) and node.name == member for node in ast.parse(file.read_text()).body)


def test_there_is_a_list() -> None:
    assert len(ROWS) > 80


@pytest.mark.parametrize(("number", "met_by"), [(number, met_by) for number, _, met_by in ROWS])
def test_what_meets_it_is_there(number: str, met_by: str) -> None:
    names = NAMED.findall(met_by)
    assert names, f"{number} names nothing"
    assert [name for name in names if not is_there(name)] == []


def test_each_requirement_stands_once_and_in_order() -> None:
    numbers = [tuple(map(int, number.split("."))) for number, _, _ in ROWS]
    assert numbers == sorted(set(numbers))


def test_what_does_not_apply_or_is_not_met_is_not_met_above() -> None:
    always = [line for line in REST.splitlines() if not line.startswith("- With ")]  # it is met, but for a choice
    missed = NUMBER.findall("\n".join(always))
    assert len(missed) > 10
    assert sorted(set(missed) & {number for number, _, _ in ROWS}) == []


def test_no_time_is_kept_that_is_not_promised() -> None:
    met = {number for number, _, _ in ROWS}
    assert "15.1.1" in met or "15.2.1" not in met, "15.2.1 asks that the times of 15.1.1 are kept"


@pytest.mark.parametrize(
    "name",
    ["CHATSITE_NOTHING", "settings.NOTHING", "docs/nothing.md", "test_nothing.py::x", "test_pins.py::test_nothing"],
)
def test_what_is_not_there_is_seen(name: str) -> None:
    assert not is_there(name)

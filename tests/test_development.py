"""docs/development.md is followed as a person would: its files are written, its changes applied, its commands run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PAGE = (ROOT / "docs" / "development.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)
PACKAGES = sorted(file.parent.name for file in ROOT.glob("*/__init__.py") if file.parent.name != "tests")
WRITE = """
import django
django.setup()
from exports.formats import LABELS, View, format_named
from tests.exports.talks import record, with_items
assert list(LABELS)[-1] == "org"
talk = with_items(record("Hello", "* no heading\\n\\nand more"), reasoning="Thinking")
print(format_named("org").write(talk, View()).decode())
"""
ASK = "CHATSITE_CATALOG=parrot.toml python manage.py ask "


def section(title: str) -> list[tuple[str, str]]:
    """The blocks of one section: what each is in, and what it holds."""
    return BLOCK.findall(PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The site's source, to be changed."""
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("manage.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("static", "templates", "locale"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def follow(checkout: Path, blocks: list[tuple[str, str]]) -> None:
    """Write the files that are named in their first line; apply the changes."""
    for language, text in blocks:
        if language == "diff":
            change = ["git", "apply", "-"]
            applied = subprocess.run(change, cwd=checkout, input=text, capture_output=True, text=True, check=False)
            assert applied.returncode == 0, applied.stderr
        elif language in {"python", "toml"}:
            name, _, content = text.partition("\n")
            (checkout / name.removeprefix("# ")).write_text(content)


def run(checkout: Path, *command: str, **more: str) -> "subprocess.CompletedProcess[str]":
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("CHATSITE_", "DJANGO_"))}
    environment = {**mine, "CHATSITE_DATA_DIR": str(checkout / "data"), "PYTHONPATH": str(checkout), **more}
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def test_an_engine_is_added_by_following_the_page(checkout: Path) -> None:
    blocks = section("Add an engine")
    follow(checkout, blocks)
    (line,) = [line for language, text in blocks if language == "sh" for line in text.splitlines() if ASK in line]
    question, _, name = line.removeprefix(ASK).partition(" --model ")
    ask = [sys.executable, "manage.py", "ask", question.strip('"'), "--model", name]
    asked = run(checkout, *ask, CHATSITE_CATALOG="parrot.toml")
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.split() == question.strip('"').split()


def test_a_format_is_added_by_following_the_page(checkout: Path) -> None:
    follow(checkout, section("Add an export format"))
    (checkout / "tests").symlink_to(ROOT / "tests")
    written = run(checkout, sys.executable, "-c", WRITE, DJANGO_SETTINGS_MODULE="chatsite.settings")
    assert written.returncode == 0, written.stderr
    assert written.stdout.startswith("#+title: A talk\n")
    assert "\n: * no heading\n:\n: and more\n" in written.stdout
    assert "Thinking" not in written.stdout


@pytest.mark.parametrize(
    ("title", "file"),
    [("Add an engine", "inference/engines/parrot.py"), ("Add an export format", "exports/formats/org.py")],
)
def test_what_the_page_adds_is_as_the_house_writes(checkout: Path, title: str, file: str) -> None:
    follow(checkout, section(title))
    for tool in (["ruff", "check"], ["ruff", "format", "--check"]):
        said = run(checkout, sys.executable, "-m", *tool, file)
        assert said.returncode == 0, said.stdout


def test_without_the_page_there_is_no_such_engine(checkout: Path) -> None:
    follow(checkout, [block for block in section("Add an engine") if block[0] == "toml"])
    asked = run(
        checkout, sys.executable, "manage.py", "ask", "Polly?", "--model", "parrot", CHATSITE_CATALOG="parrot.toml"
    )
    assert asked.returncode != 0
    assert "parrot" in asked.stderr

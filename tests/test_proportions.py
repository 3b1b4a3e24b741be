"""The shape of the code: how long files and functions are, how deep they nest. Exceptions are named, with a reason."""

import ast
import gc
import re
import statistics
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

ROOT = settings.BASE_DIR
NESTING = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.Match)
BROAD = re.compile(r"except Exception\b")
Function = ast.FunctionDef | ast.AsyncFunctionDef

LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
DEEP_FUNCTIONS: dict[str, str] = {
    "conversations/follow.py:frames": "a stream read to its end, inside the try that lets go of its mailbox",
}
TEST_LINES_PER_LINE = 1.2  # only ever raised


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for line in listing.stdout.splitlines() if (path := ROOT / line).exists()]


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


SOURCES = [path for path in tracked("*.py") if "migrations" not in path.parts and "tests" not in path.parts]
TESTS = [path for path in tracked("tests/*.py", "tests/**/*.py") if path.name != "__init__.py"]
CODE = [path for path in SOURCES if path.name != "__init__.py" or lines(path)]


def parsed(source: str) -> ast.Module:
    """Without garbage collection meanwhile: CPython 3.11 fails when what is collected parses something, too."""
    gc.disable()
    try:
        return ast.parse(source)
    finally:
        gc.enable()


@dataclass(frozen=True)
class Shape:
    """Of a function: its lines, and how deep its control structures nest."""

    length: int
    depth: int


@cache
def functions(path: Path) -> dict[str, Shape]:
    return {
        f"{name(path)}:{node.name}": Shape((node.end_lineno or 0) - node.lineno + 1, depth(node))
        for node in ast.walk(parsed(path.read_text()))
        if isinstance(node, Function)
    }


def depth(node: ast.AST) -> int:
    """Control structures inside one another; ``elif`` counts as its ``if``, nested functions on their own."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.Lambda):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and [child] == node.orelse
        deepest = max(deepest, depth(child) + (isinstance(child, NESTING) and not is_elif))
    return deepest


def percentile(values: list[int], share: float) -> int:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def too_long(paths: list[Path], limit: int, exceptions: dict[str, str]) -> dict[str, int]:
    return {name(path): lines(path) for path in paths if lines(path) > limit and name(path) not in exceptions}


def test_python_files_are_short() -> None:
    sizes = [lines(path) for path in CODE]
    assert statistics.median(sizes) <= 80
    assert percentile(sizes, 0.9) <= 200
    assert not too_long(CODE, 300, LONG_FILES)
    assert not too_long(CODE + TESTS, 500, {})


def test_functions_are_short() -> None:
    found = {where: shape.length for path in CODE for where, shape in functions(path).items()}
    assert statistics.median(found.values()) <= 8
    assert percentile(list(found.values()), 0.9) <= 25
    assert not {where: size for where, size in found.items() if size > 40 and where not in LONG_FUNCTIONS}
    assert max(found.values()) <= 80


def test_control_structures_nest_little() -> None:
    found = {where: shape.depth for path in CODE + TESTS for where, shape in functions(path).items()}
    assert not {where: deep for where, deep in found.items() if deep > 3 and where not in DEEP_FUNCTIONS}
    assert max(found.values()) <= 4


@pytest.mark.parametrize(("pattern", "middle", "most", "never"), [("*.js", 90, 150, 350), ("*.html", 30, 100, 250)])
def test_scripts_and_templates_are_short(pattern: str, middle: int, most: int, never: int) -> None:
    files = [path for path in tracked(pattern) if "tests" not in path.parts]
    sizes = [lines(path) for path in files]
    assert sizes
    assert statistics.median(sizes) <= middle
    assert percentile(sizes, 0.9) <= most
    assert not too_long(files, never, {})


def test_broad_excepts_are_few() -> None:
    found = [line for path in CODE for line in path.read_text().splitlines() if BROAD.search(line)]
    assert len(found) <= 0.5 * sum(map(lines, CODE)) / 1000


def test_there_is_enough_test_code() -> None:
    product = [path for path in CODE if "bench" not in path.parts]  # the benchmarks test the product themselves
    assert sum(map(lines, TESTS)) >= TEST_LINES_PER_LINE * sum(map(lines, product))


def test_exceptions_are_still_needed() -> None:
    for path in LONG_FILES:
        assert lines(ROOT / path) > 300, path
    found = {where: shape for path in CODE + TESTS for where, shape in functions(path).items()}
    for where in LONG_FUNCTIONS:
        assert found[where].length > 40, where
    for where in DEEP_FUNCTIONS:
        assert found[where].depth > 3, where


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f():\n if a:\n  for b in c:\n   pass", 2),
        ("def f():\n if a:\n  pass\n elif b:\n  pass\n elif c:\n  pass", 1),
        ("def f():\n def g():\n  if a:\n   pass", 0),
        ("def f():\n try:\n  with a:\n   while b:\n    if c:\n     pass\n finally:\n  pass", 3),
    ],
)
def test_depth_counts_what_it_says(source: str, expected: int) -> None:
    assert depth(parsed(source).body[0]) == expected

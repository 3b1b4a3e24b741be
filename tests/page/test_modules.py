"""The page's modules: none imports in a circle, because files named by their content could then have no name."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["']\./([\w.]+)["']""")
MODULES = {path.name: path.read_text() for path in (Path(settings.BASE_DIR) / "static" / "js").glob("*.js")}
IMPORTS = {name: set(IMPORT.findall(source)) for name, source in MODULES.items()}


def circles(imports: dict[str, set[str]], name: str, way: tuple[str, ...] = ()) -> Iterator[str]:
    """Ways that lead from a module back to itself."""
    if name in way:
        yield " -> ".join([*way[way.index(name) :], name])
        return
    for other in imports.get(name, ()):
        yield from circles(imports, other, (*way, name))


def test_a_circle_would_be_seen() -> None:
    assert list(circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}, "a")) == ["b -> c -> b"]
    assert IMPORTS["main.js"] >= {"composer.js", "thread.js"}
    assert "dialogs.js" in IMPORTS["keys.js"], "imports on first use count as well"


@pytest.mark.parametrize("name", MODULES)
def test_no_module_comes_back_to_itself(name: str) -> None:
    assert list(circles(IMPORTS, name)) == []


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_imports_is_there(name: str) -> None:
    assert IMPORTS[name] - MODULES.keys() == set()

"""The page's modules: none imports in a circle, because files named by their content could then have no name; those
that come at once are asked for at once, those that one types with first."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["']\./([\w.]+)["']""")
AT_ONCE = re.compile(r"""^import [^"(]+"\./([\w.]+)";""", re.MULTILINE)
ASKED_FOR = re.compile(r"js/([\w.]+)' %}")
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
    assert IMPORTS["main.js"] >= {"field.js", "thread.js"}
    assert "dialogs.js" in IMPORTS["keys.js"], "imports on first use count as well"


@pytest.mark.parametrize("name", MODULES)
def test_no_module_comes_back_to_itself(name: str) -> None:
    assert list(circles(IMPORTS, name)) == []


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_imports_is_there(name: str) -> None:
    assert IMPORTS[name] - MODULES.keys() == set()


def needed(name: str) -> set[str]:
    """A module, and all that have to be there before it runs."""
    return {name}.union(*(needed(other) for other in AT_ONCE.findall(MODULES[name])))


def test_what_comes_at_once_is_asked_for_at_once_and_the_field_first() -> None:
    """But for what watches that all of it comes."""
    head = (Path(settings.BASE_DIR) / "templates" / "conversations" / "head.html").read_text()
    watch, *asked_for = ASKED_FOR.findall(head)
    assert needed(watch) == {"whole.js"}
    first = needed("field.js")
    assert len(asked_for) == len(set(asked_for)), "each once"
    assert set(asked_for[: len(first)]) == first
    assert set(asked_for) == needed("main.js")


def test_one_can_type_without_most_of_the_page() -> None:
    assert not needed("field.js") & {"main.js", "thread.js", "sidebar.js", "connection.js"}

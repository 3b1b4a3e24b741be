"""The styles: colours have names, lengths have no left and right, no rule is for what is not there, and what comes
later changes nothing that is shown already."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.page.people import ECHO
from tests.page.stage import Stage

ROOT = Path(settings.BASE_DIR)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
SHEETS = {path: COMMENT.sub("", path.read_text()) for path in (ROOT / "static").glob("*/*.css")}
OURS = {path: rules for path, rules in SHEETS.items() if path.parent.name == "css"}
TEMPLATES = {path: path.read_text() for path in (ROOT / "templates").rglob("*.html")}
SCRIPTS = [path.read_text() for path in (ROOT / "static" / "js").glob("*.js")]
SOURCES = [
    path.read_text() for folder in ("accounts", "conversations", "exports") for path in (ROOT / folder).rglob("*.py")
]

COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|oklch)\(", re.IGNORECASE)
PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border)-)?(?:left|right|top|bottom)\s*:|(?<![\w-])(?:width|height)\s*:"
    r"|(?:text-align|float|clear):\s*(?:left|right)"
)


def declarations(rules: str) -> str:
    """Without selectors and conditions, in which an id looks like a colour and a width is that of a screen."""
    return re.sub(r"[^{};]+\{", "{", rules)


@pytest.mark.parametrize("path", [path for path in SHEETS if path.stem != "colours"], ids=lambda path: path.stem)
def test_every_colour_has_its_name(path: Path) -> None:
    assert COLOUR.findall(declarations(SHEETS[path])) == []


def test_a_colour_without_a_name_would_be_seen() -> None:
    assert COLOUR.findall(declarations("#found { color: #fff; background: light-dark(rgb(0 0 0), red) }"))
    assert not COLOUR.findall(declarations("#beef { color: var(--ink) }"))


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_lengths_follow_the_direction_of_writing(path: Path) -> None:
    assert PHYSICAL.findall(declarations(OURS[path])) == []


def test_a_physical_length_would_be_seen() -> None:
    assert PHYSICAL.findall("{ margin-left: 1px; }")
    assert PHYSICAL.findall("{ text-align: right; }")
    assert not PHYSICAL.findall(
        "{ line-height: 1; inset-block-end: 0; max-inline-size: 3rem; border-block-end-width: 2px }"
    )


def there() -> set[str]:
    """Every class that something has, and every id, each with its sign."""
    texts = [*TEMPLATES.values(), *SCRIPTS]
    lists = [
        one for text in texts for one in re.findall(r'(?:class=\\?|className(?: =|:) |classList\.\w+\()"([^"]*)"', text)
    ]
    classes = {name for names in lists for name in re.findall(r"[\w-]+", names)}
    spoken = {
        name
        for text in SOURCES
        for name in re.findall(r"[\w-]+", " ".join(re.findall(r'"[^"\n]*"|\'[^\'\n]*\'', text)))
    }
    ids = {name for text in texts for name in re.findall(r'id="([\w-]+)"', text)}
    return {f".{name}" for name in classes | spoken} | {f"#{name}" for name in ids}


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_no_rule_is_for_what_is_not_there(path: Path) -> None:
    selectors = " ".join(re.findall(r"([^{}]+)\{", re.sub(r'"[^"]*"', "", OURS[path])))
    assert ".nowhere-at-all" not in there()
    named = set(re.findall(r"(?<![\d])[.#][a-zA-Z][\w-]*", selectors))
    assert named - there() == set()


def coming_later() -> Iterator[str]:
    """The styles of pieces that come when they are first asked for."""
    for path, text in TEMPLATES.items():
        if not re.search(r"<html|\{% extends", text) and path.name != "head.html":
            yield from re.findall(r"css/(\w+)\.css", text)


LOOK = """() => [...document.querySelectorAll(".message, .message *")].map((one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    const { color, backgroundColor, display, font } = getComputedStyle(one);
    return [one.outerHTML.slice(0, 60), x, y, width, height, color, backgroundColor, display, font].join();
})"""
ADD = """(names) => Promise.all(names.map((name) => new Promise((done) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: `/static/css/${name}.css` });
    link.onload = done;
    document.head.append(link);
})))"""


@pytest.mark.browser
def test_what_comes_later_changes_nothing_that_is_shown(stage: Stage) -> None:
    names = sorted(set(coming_later()) - {"compact"})  # which is for all of the page
    assert {"dialog", "shelf", "search", "rating"} <= set(names)
    stage.show(ECHO.partition("\n\n")[2].format())
    before = stage.page.evaluate(LOOK)
    assert len(before) > 40
    stage.page.evaluate(ADD, names)
    assert stage.page.evaluate(LOOK) == before
    stage.page.add_style_tag(content=".note { display: grid; }")
    assert stage.page.evaluate(LOOK) != before, "a rule for another thing of the same name would be seen"

"""A strict CommonMark parser reads of each message in a file what it reads of it alone."""

import json
import random
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from exports.formats import View, format_named
from exports.formats.markdown import END, REACHES
from exports.records import Record
from tests.exports.hostile_markdown import HOSTILE, TITLES
from tests.exports.talks import record, with_items

STRICT = MarkdownIt("commonmark")
ALL = View(reasoning=True)


def written(record: Record, view: View = ALL) -> str:
    return format_named("markdown").write(record, view).decode()


def split(file: str) -> tuple[dict[str, Any], str]:
    """The front matter, as YAML reads it, and what comes behind."""
    opened, matter, rest = file.split("---\n", 2)
    assert opened == ""
    return dict(yaml.safe_load(matter)), rest


def sections(file: str) -> list[list[Token]]:
    """The tokens of each message, without its heading."""
    found: list[list[Token]] = []
    inside = False
    for token in STRICT.parse(split(file)[1]):
        mark = token.content if token.type == "html_block" and token.level == 0 else ""
        if mark.startswith("<!-- message {"):
            assert not inside
            found.append([])
            inside = True
        elif mark == f"{END}\n":
            inside = False
        elif inside:
            found[-1].append(token)
    assert not inside
    return [tokens[3:] for tokens in found]


def read(tokens: Iterable[Token]) -> list[Any]:
    """Line ends behind code and HTML aside: at the end of a text there are none to read."""
    return [
        (
            one.type,
            one.tag,
            one.attrs,
            one.level,
            one.content.rstrip("\n"),
            one.info,
            one.markup,
            read(one.children or ()),
        )
        for one in tokens
    ]


def normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def said_again(tokens: Sequence[Token], text: str) -> bool:
    """As itself, or to the letter in a fence of its own."""
    if read(tokens) == read(STRICT.parse(text)):
        return True
    (one,) = tokens
    return (one.type, one.info, one.content) == ("fence", "markdown", normal(text) + "\n")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_stays_what_it_is_and_so_do_its_neighbours(text: str) -> None:
    last = "[three] [four five] [ seven ] [si\\]x]\n\n> [eight\n> nine]"
    texts = ["See [one] first.", text, "*After* it\n\n```\ncode\n```", text, last]
    found = sections(written(record(*texts)))
    assert len(found) == len(texts)
    for tokens, own in zip(found, texts, strict=True):
        assert said_again(tokens, own), own


def test_any_of_them_together_stay_what_they_are() -> None:
    chance = random.Random(20261126)  # noqa: S311
    pool = list(HOSTILE.values())
    for _ in range(150):
        texts = ["\n\n".join(chance.choices(pool, k=chance.randint(1, 3))) for _ in range(5)]
        found = sections(written(record(*texts)))
        assert [said_again(tokens, own) for tokens, own in zip(found, texts, strict=True)] == [True] * 5, texts


def test_many_brackets_are_no_work() -> None:
    """Where each is looked from for the end of a definition, this takes minutes, in which a process answers nobody."""
    assert REACHES.search("\n[" * 500_000)


def test_many_definitions_beside_a_long_text_are_no_work() -> None:
    """Where each is looked for in all that is said besides, these take 5 s, and a whole conversation of them hours."""
    definitions = "".join(f"[{number:x}]: /\n" for number in range(0x1000, 0x1000 + 3_000))
    talk = record(definitions, "[one] " + "1f 2e " * 500_000)
    began = time.process_time()
    file = written(talk)
    assert time.process_time() - began < 2.5
    assert file.count("\n[1") == 3_000
    assert "```markdown" not in file
    assert "```markdown" in written(record(definitions, "[1001] " + "1f 2e " * 100))


def test_without_care_they_would_not() -> None:
    """What the tests above are worth."""
    broken = ["a fence left open", "a comment left open", "our own comment", "a definition that another text uses"]
    for name in broken:
        file = written(record("Plain", "Plain", "[one] after"))
        careless = file.replace("\n\nPlain\n\n", f"\n\n{HOSTILE[name]}\n\n")
        try:
            found = sections(careless)
            assert not all(map(said_again, found, [HOSTILE[name], HOSTILE[name], "[one] after"])), name
        except (AssertionError, ValueError):
            continue


@pytest.mark.parametrize("name", ["a table", "Chinese", "headings", "a definition of one's own", "a list that goes on"])
def test_what_reaches_nowhere_stands_as_it_was_written(name: str) -> None:
    assert f"UTC\n\n{HOSTILE[name]}\n\n{END}" in written(at_noon(record("Hello?", HOSTILE[name])))


def at_noon(record: Record) -> Record:
    return with_items(record, created_at=datetime(2026, 11, 26, 12, tzinfo=UTC))


def test_reasoning_is_as_safe_and_may_be_left_out() -> None:
    talk = with_items(record("Why?", "Because."), reasoning="```\nthinking")
    assert [said_again(tokens[1:-4], "```\nthinking") for tokens in sections(written(talk))] == [True, True]
    assert "thinking" not in written(talk, View())


@pytest.mark.parametrize("title", TITLES)
def test_front_matter_says_what_is_so_whatever_the_title(title: str) -> None:
    at = datetime(2026, 11, 26, 9, 3, 56, 123456, UTC)
    talk = record("Hello?", "Hi.", title=title, folder=title or "-", tags=(title, "red"), created_at=at)
    matter, rest = split(written(talk))
    assert (matter["title"], matter["folder"], matter["tags"]) == (title, title or "-", [title, "red"])
    assert (matter["owner"], matter["models"], matter["messages"]) == ("alice", ["scripted"], 2)
    assert (matter["created"], matter["id"]) == (at, str(talk.id))
    assert "admin" not in matter
    tokens = STRICT.parse(rest)
    inline = next(token for token in tokens if token.type == "inline")
    assert "".join(child.content for child in inline.children or ()) == " ".join(title.split())


def test_provenance_cannot_leave_its_comment() -> None:
    talk = with_items(record("Hello?", "Hi."), model="x --> <script>", engine="--!>")
    file = written(talk)
    assert len(sections(file)) == 2
    lines = [line for line in file.splitlines() if line.startswith("<!-- message")]
    said = [json.loads(line.removeprefix("<!-- message ").removesuffix(" -->")) for line in lines]
    assert [one["model"] for one in said] == ["x --> <script>"] * 2
    assert [one["sha256"] for one in said] == [item.sha256 for item in talk.messages]
    assert said[1]["parent"] == said[0]["id"]

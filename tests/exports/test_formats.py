"""What each format makes of a conversation."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator
from pypdf import PdfReader

from exports.canonical import tree
from exports.formats import FORMATS, LABELS, View, format_named
from exports.formats.csv import COLUMNS, safe
from exports.formats.pdf.lines import Run, Style, broken, cut
from exports.records import Rating, Record
from tests.exports.hostile_markdown import HOSTILE, TITLES
from tests.exports.talks import SCHEMA, record, with_items

CODE = 'def main() -> None:\n    print("你好", "─┐ │ └─")  # 注释'
TABLE = "| 操作 | cost |\n|---|---|\n| `append` | O(1) |"
REPLY = f"# 队列\n\nA **queue** is a line：先进先出。\n\n```python\n{CODE}\n```\n\n{TABLE}\n"
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
ALL = View(whole=True, reasoning=True)


def talk(**fields: object) -> Record:
    made = record("What is a queue? 什么是队列？", REPLY, title="Queues 队列", folder="Work", tags=("red",))
    return with_items(made, created_at=NOON, reasoning="Thinking it over", **fields)


def written(name: str, of: Record, view: View = ALL) -> str:
    return format_named(name).write(of, view).decode()


def printed(of: Record, view: View = ALL) -> str:
    """What a PDF says. This reader guesses spaces from where letters stand, and takes letters of two bytes for two."""
    pages = PdfReader(io.BytesIO(format_named("pdf").write(of, view))).pages
    return "".join("".join(page.extract_text() for page in pages).replace("\x00", "").split())


@pytest.mark.parametrize("name", FORMATS)
def test_each_is_what_it_says(name: str) -> None:
    form = format_named(name)
    assert form.name == name
    assert re.fullmatch(r"\.[a-z]+", form.suffix)
    assert form.write(talk(), ALL) == format_named(name).write(talk(), ALL), "the same again"


def test_each_has_a_label() -> None:
    assert list(LABELS) == list(FORMATS)


@pytest.mark.parametrize("name", ["markdown", "html", "text", "json", "csv"])
def test_what_is_left_out_is_not_in_it(name: str) -> None:
    whole = written(name, talk())
    assert "Thinking it over" in whole
    assert "什么是队列" in whole
    assert "Thinking it over" not in written(name, talk(), View())
    assert "什么是队列" not in written(name, talk(), View(first=1))
    assert "先进先出" not in written(name, talk(), View(last=0))


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_that_people_write_makes_a_format_fail(name: str) -> None:
    texts = ["", *HOSTILE.values(), "\x00\x01\x1b", "😀" * 50, "\u202eevil", "ا ع ر ب ي", "x" * 5_000, "宽" * 3_000]
    for title in TITLES if name != "pdf" else TITLES[:1]:  # each has to load its fonts
        assert format_named(name).write(record("?", title, title=title), ALL)
    assert format_named(name).write(record(*texts, *TITLES, title="Hostile"), ALL)


def test_json_is_as_its_schema_says_and_complete() -> None:
    said = json.loads(written("json", talk(rating=Rating(1, at=NOON), options={"top_p": 0.5})))
    Draft202012Validator(SCHEMA).validate(said)
    assert said == tree(replace(talk(rating=Rating(1, at=NOON), options={"top_p": 0.5}), tip=UUID(int=2)))
    assert said["messages"][0]["created_at"] == "2026-11-26T12:00:00.000000Z"


def test_a_part_is_a_conversation_by_itself() -> None:
    said = json.loads(written("json", talk(), View(first=1)))
    Draft202012Validator(SCHEMA).validate(said)
    (message,) = said["messages"]
    assert (message["parent"], said["tip"]) == (None, message["id"])
    assert message["sha256"] != talk().messages[1].sha256, "of what is in it: without the reasoning"


def test_csv_has_a_row_a_message() -> None:
    text = written("csv", talk(rating=Rating(-1)))
    assert text.startswith("\ufeff")
    head, *rows = csv.reader(io.StringIO(text[1:], newline=""))
    assert tuple(head) == COLUMNS
    assert [dict(zip(head, row, strict=True))["text"] for row in rows] == [item.text for item in talk().messages]
    assert [dict(zip(head, row, strict=True))["rating"] for row in rows] == ["-1", "-1"]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", '=HYPERLINK("x")', "\u3000=1", "\n=1"]
)
def test_a_cell_is_never_a_formula(text: str) -> None:
    assert safe(text) == f"'{text}"
    rows = list(csv.reader(io.StringIO(written("csv", record(text, text, title=text))[1:], newline="")))
    for row in rows[1:]:
        assert not any(cell.lstrip().startswith(("=", "+", "@", "-")) for cell in row), row


@pytest.mark.parametrize("text", ["Hello", "1 = 1", "a-b", "'=1", "你好"])
def test_a_cell_that_is_none_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


def test_plain_text_has_who_and_what() -> None:
    lines = written("text", with_items(talk(), state="stopped")).splitlines()
    assert lines[:3] == ["Queues 队列", "===========", "alice · Work · #red"]
    assert "alice · 2026-11-26 12:00 UTC" in lines
    assert any(line.startswith("[") and "top" in line for line in lines), "that it was stopped"
    assert REPLY.strip() in "\n".join(lines)


class Seen(HTMLParser):
    """Every element, with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


def test_a_page_needs_nothing_and_runs_nothing() -> None:
    hostile = record(
        *HOSTILE.values(), "<script>alert(1)</script>", "![x](https://example.org/x.png)", title="<script>"
    )
    for page in (written("html", hostile), written("html", talk())):
        seen = Seen(page).elements
        assert not {tag for tag, _ in seen} & {"script", "link", "img", "iframe", "object", "form", "base", "video"}
        assert not [name for _, attributes in seen for name in attributes if name.startswith("on") or name == "src"]
        assert "url(" not in page.partition("</style>")[0]
        assert "@import" not in page
        assert "default-src 'none'" in page


def test_a_page_has_all_of_it() -> None:
    page = written("html", talk(engine="vllm 0.32.0"))
    assert '<span class="st">"你好"</span>' in page.replace("&quot;", '"')
    for part in ("<title>Queues 队列</title>", "<table", "Thinking it over", 'title="vllm 0.32.0"', "先进先出"):
        assert part in page, part
    assert page.count("<article") == 2


def test_a_page_knows_the_dark_and_paper() -> None:
    styles = written("html", talk()).partition("</style>")[0]
    assert "light-dark(" in styles
    assert "@media print" in styles


def test_a_pdf_shows_chinese_and_code() -> None:
    said = printed(talk())
    for part in ("Queues队列", "什么是队列？", "先进先出", 'print("你好","─┐│└─")#注释', "操作", "append", "Thinking"):
        assert part in said, part
    assert "Thinking" not in printed(talk(), View())
    assert "**" not in said


def test_a_pdf_says_what_it_has_no_letter_for() -> None:
    said = printed(record("😀 ع", "ok"))
    assert "[grinningface]" in said
    assert "□" in said


def test_a_pdf_is_named_and_carries_its_fonts() -> None:
    content = format_named("pdf").write(talk(), ALL)
    reader = PdfReader(io.BytesIO(content))
    assert reader.metadata is not None
    assert reader.metadata.title == "Queues 队列"
    assert len(content) < 100_000, "only the letters that are used"
    assert b"/FontFile" in content


def test_a_pdf_logs_no_letters(caplog: pytest.LogCaptureFixture) -> None:
    printed(record("Sëcret ع 😀", "ok"))
    assert not [one for one in caplog.records if one.name.startswith(("fontTools", "fpdf"))]


def width(text: str, style: Style) -> float:
    return sum(2.0 if letter > "\u2e80" else 1.0 for letter in text)


def fitted(text: str, into: float) -> list[str]:
    return ["".join(run.text for run in line) for line in broken([Run(text, Style())], into, width)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "three"]),
        ("你好世界再见", ["你好世界", "再见"]),
        ("你好世界，再见", ["你好世", "界，再见"]),
        ("你好世（界）", ["你好世", "（界）"]),
        ("one\n\ntwo", ["one", "", "two"]),
        ("abcdefghijkl", ["abcdefgh", "ijkl"]),
        ("ab 你好 cd", ["ab 你好", "cd"]),
        ("a", ["a"]),
        ("", []),
    ],
)
def test_lines_are_broken_between_words_and_characters(text: str, lines: list[str]) -> None:
    assert fitted(text, 8) == lines


def test_no_line_is_too_wide_and_nothing_is_lost() -> None:
    for text in [*HOSTILE.values(), REPLY, "，" * 40, "（" * 40, "a，" * 30]:
        lines = fitted(text, 12)
        assert all(width(line, Style()) <= 12 for line in lines), text
        assert "".join("".join(lines).split()) == "".join(text.split())


def test_code_keeps_its_spaces() -> None:
    assert list(cut("    if x:  y", Style(), 8, width)) == ["    if x", ":  y"]
    assert list(cut("", Style(), 8, width)) == [""]


def test_ids_are_those_of_the_rows() -> None:
    assert str(UUID(int=99)) in written("markdown", talk())
    assert [one["id"] for one in json.loads(written("json", talk()))["messages"]] == [
        str(item.id) for item in talk().messages
    ]

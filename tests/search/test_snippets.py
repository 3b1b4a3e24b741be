"""Why something was found: its own words around the place, marked, and nothing of it as HTML."""

import html
import re
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.search.query import Query
from conversations.search.snippets import AFTER, BEFORE, marked, snippet
from conversations.search.terms import BETWEEN, RUN, WORD

LETTERS = st.characters(codec="utf-8")
TAG = re.compile(r"</?mark>")
SIGNS, SPACE = re.compile(r"[*`|#]"), re.compile(r"\s+")  # signs of Markdown are left out


def shown(text: str, query: str) -> str:
    return str(snippet(text, Query.parse(query).marks))


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("Hello World", "world", "Hello <mark>World</mark>"),
        ("Hello World", "wor", "Hello <mark>Wor</mark>ld"),
        ("Großes Café", "grosses cafe", "<mark>Großes</mark> <mark>Café</mark>"),
        ("大型語言模型", "语言", "大型<mark>語言</mark>模型"),
        ("使用Python写", "用python", "使<mark>用Python</mark>写"),
        ("ＷＩＤＥ ﬁle", "wide file", "<mark>ＷＩＤＥ</mark> <mark>ﬁle</mark>"),
        ("a 🎉 b", "🎉", "a <mark>🎉</mark> b"),
        ("foo-bar foo bar", '"foo bar"', "<mark>foo-bar</mark> <mark>foo bar</mark>"),
        ("שלום עולם", "עולם", "שלום <mark>עולם</mark>"),
        ("line one\n\n  line   two", "two", "line one line <mark>two</mark>"),
        ("# Title\n**bold** `code` | cell", "bold", "Title <mark>bold</mark> code cell"),
        ("concat cat", "cat", "concat <mark>cat</mark>"),
        ("nothing of it", "absent", "nothing of it"),
    ],
)
def test_what_is_marked(text: str, query: str, expected: str) -> None:
    assert shown(text, query) == expected


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script> needle",
        '<img src=x onerror="alert(1)"> needle',
        "</mark><b>needle</b>",
        "<mark>needle</mark>",
        "&lt;needle&gt;",
        "<needle>",
    ],
)
def test_nothing_of_a_text_is_html(text: str) -> None:
    html_of_it = shown(text, "needle")
    assert "<" not in TAG.sub("", html_of_it)
    assert html.unescape(TAG.sub("", html_of_it)) == text
    assert "<mark>needle</mark>" in html_of_it


def test_a_long_text_is_shown_around_the_place() -> None:
    text = "before " * 500 + "needle" + " after" * 500
    one = shown(text, "needle")
    assert one.startswith("…before")
    assert one.endswith("…")
    assert "<mark>needle</mark>" in one
    assert len(TAG.sub("", one)) <= BEFORE + AFTER + 2


@pytest.mark.parametrize("filler", ["ﷺ", "é", "e\u0301", "字", "\u200b", "🏽", "ß"])
def test_the_place_is_found_though_folding_changes_lengths(filler: str) -> None:
    assert "<mark>needle</mark>" in shown(f"{filler} " * 900 + "needle", "needle")


def test_a_text_without_spaces_is_cut_anywhere() -> None:
    one = shown("字" * 1000 + "模型" + "字" * 1000, "模型")
    assert "<mark>模型</mark>" in one
    assert one.startswith("…字")


def test_a_title_is_shown_whole() -> None:
    title = "A rather long title about models " * 5
    assert TAG.sub("", marked(title, Query.parse("models").marks)).strip() == title.strip()


@settings(deadline=None)
@given(st.text(LETTERS | st.sampled_from("ab模型 é"), max_size=400), st.text("ab模型 é", max_size=5).filter(str.strip))
def test_marks_add_nothing_and_take_nothing(text: str, words: str) -> None:
    text = SIGNS.sub("", text)
    plain = html.unescape(TAG.sub("", marked(text, Query.parse(words).marks)))
    assert SPACE.sub(" ", plain) == SPACE.sub(" ", text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("😀" * 40 + "x", "😀" * 3_000 + "y"),
        ("a\u3099b", "a" + "\u3099" * 30_000),
        ("a\U0002fff0b", "a" + "\U0002fff0" * 30_000),
        ("a.b", "a" + "._" * 15_000),
        ("a.a.a.a.b", "a." * 15_000),
        (" ".join("abcdefghijklmnopqrstuvwxyz" * 4)[:199], "." * 30_000),
    ],
)
def test_nobody_makes_the_site_look_for_hours(query: str, text: str) -> None:
    """In a thread of its own it would still keep all others waiting."""
    began = time.thread_time()
    assert marked(text, Query.parse(query).marks)
    assert time.thread_time() - began < 2


def test_each_character_is_of_a_term_or_between_two() -> None:
    between, word = re.compile(BETWEEN), re.compile(WORD)
    everything = [chr(code) for code in range(sys.maxunicode + 1)]
    assert [one for one in everything if bool(between.fullmatch(one)) == bool(RUN.match(one))] == []
    assert [one for one in everything if bool(word.match(one)) != bool((found := RUN.match(one)) and found[2])] == []

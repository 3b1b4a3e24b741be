"""The title of a conversation is readable, whatever it begins with."""

import pytest

from conversations.titles import LONGEST, READ, SHORTEST, title_from

LONG = "Please explain in detail how a write-ahead log keeps a database consistent after a crash"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("How are you?", "How are you?"),
        ("\n\n  How \t are\nyou?", "How are"),
        ("# Heading\nand text", "Heading"),
        ("> quoted", "quoted"),
        ("- [ ] a task", "[ ] a task"),
        ("**Bold** and `code` and *more*", "Bold and code and more"),
        ("what is snake_case in f(*args)?", "what is snake_case in f(*args)?"),
        ("2 * 3 * 4 = ?", "2 * 3 * 4 = ?"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("***", "***"),
        ("```", "```"),
        ("你好，请介绍一下自己", "你好，请介绍一下自己"),
        ("🚀🚀🚀", "🚀🚀🚀"),
    ],
)
def test_a_title_is_the_first_line_in_plain_words(text: str, title: str) -> None:
    assert title_from(text) == title


def test_a_long_line_is_cut_between_words() -> None:
    title = title_from(LONG)
    assert title.endswith("…")
    assert LONG.startswith(title[:-1] + " ")
    assert SHORTEST < len(title) <= LONGEST


@pytest.mark.parametrize("letter", ["字", "🚀", "x"])
def test_a_long_line_without_words_is_cut_anywhere(letter: str) -> None:
    assert title_from(letter * 1000) == letter * (LONGEST - 1) + "…"


def test_a_word_too_long_after_a_short_one_does_not_leave_a_stump() -> None:
    assert title_from("See https://example.org/" + "x" * 500).startswith("See https://example.org/xxx")


@pytest.mark.parametrize("mark", ["*", "**", "~~", "`"])
def test_the_end_of_a_mark_is_looked_for_in_the_beginning_of_a_line_only(mark: str) -> None:
    """Ten thousand that close nowhere, each looked for in the whole line, would keep a process busy for seconds."""
    assert title_from(f"{mark}{'far ' * READ}away{mark}").startswith(f"{mark}far far")

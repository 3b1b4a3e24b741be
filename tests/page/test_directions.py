"""Each block reads from the side that its own first letter asks for."""

import pytest

from conversations.markdown import render

ARABIC = "مرحبا"


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        (ARABIC, '<p dir="auto">'),
        (f"# {ARABIC}", '<h3 dir="auto">'),
        (f"- {ARABIC}", '<ul dir="auto">'),
        (f"3. {ARABIC}", '<ol start="3" dir="auto">'),
        (f"> {ARABIC}", '<blockquote dir="auto">'),
        (f"| {ARABIC} | b |\n|---|---|\n| c | d |", '<div class="table"><table dir="auto">'),
        (f"[^1]: {ARABIC}", '<div class="footnote" dir="auto">'),
    ],
)
def test_a_block_finds_its_own_side(text: str, opening: str) -> None:
    assert render(text).startswith(opening)


@pytest.mark.parametrize("text", [f"- {ARABIC}\n  - inner", f"> {ARABIC}\n>\n> - one", f"1. {ARABIC}\n\n   more"])
def test_what_is_inside_a_block_leaves_the_side_to_it(text: str) -> None:
    """A browser looks for the first letter past whatever has a side of its own."""
    assert render(text).count("dir=") == 1


@pytest.mark.parametrize("text", ["```\ncode\n```", "$$\nx\n$$", "---"])
def test_code_and_formulas_have_none(text: str) -> None:
    assert "dir=" not in render(text)

"""Where raw text stands while its formatting is on the way: the page's ``live_part.js``, alone, in a browser."""

import random
from typing import Any

import pytest

from conversations.markdown import render
from conversations.rendering import _LivePart, _render_open
from tests.page.people import ECHO
from tests.page.stage import Stage

pytestmark = pytest.mark.browser

TAIL = '<span class="tail">{}</span>'
SHOW = """async ([blocks, rest]) => {
    const { LivePart } = await import("/static/js/live_part.js");
    const root = document.createElement("div");
    const part = new LivePart(root);
    for (const [key, html] of blocks) part.block(key, html, rest);
    if (!blocks.length) part.append(rest);
    part.flush();
    return root.innerHTML;
}"""
STREAM = """async ([steps, whole]) => {
    const { LivePart } = await import("/static/js/live_part.js");
    const root = document.createElement("div");
    const part = new LivePart(root);
    const lengths = [];
    for (const { piece, blocks, rest } of steps) {
        part.append(piece);
        for (const [key, html] of blocks) part.block(key, html, rest);
        part.flush();
        lengths.push(root.querySelectorAll(".tail").length);
    }
    const kept = root.firstElementChild;
    part.finish(whole);
    return { html: root.innerHTML, tails: lengths, keptFirst: kept === root.firstElementChild };
}"""


CASES: list[tuple[list[tuple[int, str]], str, str]] = [
    ([], "Hello", '<p class="tail-block" dir="auto">' + TAIL.format("Hello") + "</p>"),
    ([(0, "<p>one</p>\n")], " two", "<p>one" + TAIL.format(" two") + "</p>"),
    ([(0, "<p>one <em>x</em></p>")], " two", "<p>one <em>x</em>" + TAIL.format(" two") + "</p>"),
    ([(0, "<p>one</p>")], "\ntwo", "<p>one" + TAIL.format("\ntwo") + "</p>"),
    ([(0, "<p>one</p>")], "\n\ntwo", '<p>one</p><p class="tail-block" dir="auto">' + TAIL.format("two") + "</p>"),
    ([(0, "<p>one</p>")], "\n-", "<p>one" + TAIL.format("") + "</p>"),
    ([(0, "<h3>T</h3>")], "itle", "<h3>T" + TAIL.format("itle") + "</h3>"),
    ([(0, "<h3>T</h3>")], "\nx", '<h3>T</h3><p class="tail-block" dir="auto">' + TAIL.format("x") + "</p>"),
    ([(0, "<ul>\n<li>a</li>\n</ul>")], " b", "<ul>\n<li>a" + TAIL.format(" b") + "</li>\n</ul>"),
    ([(0, "<hr>")], "\nx", '<hr><p class="tail-block" dir="auto">' + TAIL.format("x") + "</p>"),
    (
        [(0, '<figure class="code"><figcaption></figcaption><pre><code>a</code></pre></figure>')],
        "\n\nb",
        '<figure class="code"><figcaption></figcaption><pre><code>a' + TAIL.format("\n\nb") + "</code></pre></figure>",
    ),
    (
        [(0, "<table><tbody><tr><td>a</td><td></td></tr></tbody></table>")],
        " b | c",
        "<table><tbody><tr><td>a" + TAIL.format(" b ") + "</td><td></td></tr></tbody></table>",
    ),
    ([(0, "<p>so</p>")], r" $\frac{a", "<p>so" + TAIL.format(r" $\frac{a") + "</p>"),
    ([(0, "<p>so</p>")], "\n\n$$\na", '<p>so</p><p class="tail-block" dir="auto">' + TAIL.format("$$\na") + "</p>"),
    ([(0, "<p>so</p>")], "\n\n$$", "<p>so" + TAIL.format("") + "</p>"),
    ([(0, "<p>so</p>")], "\n\n[^1]:", "<p>so" + TAIL.format("") + "</p>"),
    (
        [(0, '<div class="formula"><math><mi>x</mi></math></div>')],
        "\nso",
        '<div class="formula"><math><mi>x</mi></math></div><p class="tail-block" dir="auto">'
        + TAIL.format("so")
        + "</p>",
    ),
    (
        [(0, '<ul><li>a<div class="formula"><math><mi>x</mi></math></div></li></ul>')],
        " so",
        '<ul><li>a<div class="formula"><math><mi>x</mi></math></div>' + TAIL.format(" so") + "</li></ul>",
    ),
    ([(0, "<ul>\n<li>a</li>\n</ul>")], "\n- [x", "<ul>\n<li>a" + TAIL.format("") + "</li>\n</ul>"),
    (
        [(0, '<div class="footnote"><span class="back">1</span><div><p>a</p></div></div>')],
        " b",
        '<div class="footnote"><span class="back">1</span><div><p>a' + TAIL.format(" b") + "</p></div></div>",
    ),
    ([(9, "<p>b</p>"), (0, "<p>a</p>")], "", "<p>a</p><p>b" + TAIL.format("") + "</p>"),
    ([(0, "<p>a</p>"), (9, "<p>b</p>"), (9, "")], "", "<p>a" + TAIL.format("") + "</p>"),
]


def test_where_the_raw_end_stands(stage: Stage) -> None:
    for blocks, rest, shown in CASES:
        assert stage.page.evaluate(SHOW, [blocks, rest]) == shown


def test_streamed_in_any_pieces_it_ends_as_the_whole(stage: Stage) -> None:
    whole = render(ECHO)
    expected = stage.page.evaluate(
        "html => { const t = document.createElement('div'); t.innerHTML = html; "
        "return [...t.children].map(one => one.outerHTML).join('') }",
        whole,
    )
    for seed in range(20):
        dice = random.Random(seed)  # noqa: S311 - cuts a text
        result = stage.page.evaluate(STREAM, [steps(dice), whole])
        assert result["html"] == expected
        assert set(result["tails"]) == {1}
        assert result["keptFirst"], "what was right already was not touched"


def steps(dice: random.Random) -> list[dict[str, Any]]:
    """A reply in pieces, with the blocks that the server renders after some of them."""
    live, rest = _LivePart(), ECHO
    made: list[dict[str, Any]] = []
    while rest:
        piece, rest = rest[: (cut := dice.randint(1, 12))], rest[cut:]
        live.feed(piece)
        blocks = live.take(_render_open(live.open_text)) if dice.random() < 0.5 or not rest else []
        made.append({"piece": piece, "blocks": [list(block) for block in blocks], "rest": live.unrendered})
    return made

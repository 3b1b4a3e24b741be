"""Model text becomes HTML that is right, safe, and made in bounded time."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.markdown import SCHEMES, TAGS, block_starts, blocks, render

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](//elsewhere.example)",
    "[x](/accounts/logout/)",
    "![x](javascript:alert(1))",
    "<javascript:alert(1)>",
    '[x](https://a.example "title\\" onmouseover=\\"alert(1)")',
    "[x](https://a.example/\"onclick='alert(1)')",
    '```"><script>alert(1)</script>\nx\n```',
    "```python onload=alert(1)\nx = '<script>'\n```",
    "| a |\n|:-:|\n| <style>*{display:none}</style> |",
    "&lt;script&gt; &#60;script&#62;",
    "[x]: javascript:alert(1)\n\n[x]",
    "`<b>`\x00<svg/onload=alert(1)>",
]
ALPHABET = st.sampled_from([*"ab 中é\n\t*_`[]()<>#|-~\\!&:1.\"'/", "```", "https://a.b", "\n\n", "- ", "> ", "|-|\n"])
MARKDOWN = st.lists(ALPHABET, max_size=60).map("".join)


class Seen(HTMLParser):
    """Collects the tags and attributes of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def assert_safe(html: str) -> None:
    seen = Seen(html)
    assert seen.tags <= TAGS
    for tag, name, value in seen.attributes:
        assert name in {"href", "title", "class", "start", "rel", "target"}, (tag, name)
        if name == "href":
            assert value.lower().startswith(tuple(f"{scheme}:" for scheme in SCHEMES)), value
    for tag in re.findall(r"<a [^>]*>", html):
        assert 'rel="nofollow noopener noreferrer"' in tag
        assert 'target="_blank"' in tag


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_becomes_harmless(text: str) -> None:
    assert_safe(render(text))


@given(MARKDOWN)
def test_any_text_becomes_harmless(text: str) -> None:
    assert_safe(render(text))


@given(MARKDOWN)
def test_blocks_start_where_the_outline_says(text: str) -> None:
    starts = [start for start, _ in blocks(text)]
    assert starts == block_starts(text) == sorted(set(starts))
    for start in starts:
        text.encode()[start:].decode()  # fails inside a character


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Hello *you* and **me**", "<p>Hello <em>you</em> and <strong>me</strong></p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("# Title", "<h3>Title</h3>"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
        ("~~old~~", "<p><s>old</s></p>"),
        ("**注意：**请看", "<p><strong>注意：</strong>请看</p>"),
        ("这是**“重点”**内容", "<p>这是<strong>“重点”</strong>内容</p>"),
        ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
        ("", ""),
        ("3. three", '<ol start="3">\n<li>three</li>\n</ol>'),
    ],
)
def test_marks(text: str, html: str) -> None:
    assert render(text).strip() == html


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("see https://a.example/b_c_d.", "https://a.example/b_c_d"),
        ("(https://a.example/x)", "https://a.example/x"),
        ("https://a.example/x_(y)", "https://a.example/x_(y)"),
        ("见https://a.example/路", "https://a.example/"),
        ("HTTPS://a.example", "HTTPS://a.example"),
        ("<https://a.example>", "https://a.example"),
        ("![cat](https://a.example/cat.png)", "https://a.example/cat.png"),
        ("[m](mailto:a@b.example)", "mailto:a@b.example"),
    ],
)
def test_links(text: str, url: str) -> None:
    assert [value for tag, name, value in Seen(render(text)).attributes if name == "href"] == [url]


@pytest.mark.parametrize("text", ["xhttps://a.example", "https://", "`https://a.example`", "ftp://a.example"])
def test_not_links(text: str) -> None:
    assert "a" not in Seen(render(text)).tags


def test_code_is_coloured_by_class_and_says_its_language() -> None:
    html = render("```python\ndef f(x):\n    return '<b>'  # why\n```")
    assert "<figcaption>python</figcaption>" in html
    assert '<span class="kw">return' in html
    assert "<span class=\"st\">'&lt;b&gt;'" in html
    assert "style=" not in html


@pytest.mark.parametrize("language", ["", "nosuchlanguage", "Brainf***"])
def test_code_in_other_languages_is_plain(language: str) -> None:
    html = render(f"```{language}\na < b\n```")
    assert "<code>a &lt; b</code>" in html


def test_a_table_scrolls_and_aligns_without_style_attributes() -> None:
    html = render("| a | b |\n|---|--:|\n| 1 | 2 |")
    assert html.startswith('<div class="table"><table>')
    assert '<td class="right">2</td>' in html


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "[" * 50_000,
        "![" * 25_000,
        "*a_ " * 12_500,
        "[a](" * 12_500,
        "<a:" * 16_000,
        "_*" * 25_000,
        "> " * 25_000,
        "\n".join("  " * depth + "- a" for depth in range(200)),
        "- a\n" * 12_500,
        "```python\n" + "(" * 19_000,
        "`" * 50_000,
        "&#1" * 16_000,
        "| a " * 10_000 + "\n" + "|-" * 10_000 + "|\n",
    ],
    ids=lambda text: f"{text[:6]!r}…{len(text)}",
)
def test_time_is_bounded(text: str) -> None:
    began = time.process_time()
    html = render(text)
    assert time.process_time() - began < 5
    assert len(html) <= 20 * len(text)
    assert_safe(html)


def test_what_is_too_long_to_format_is_all_there_as_it_is() -> None:
    html = render("**a** <b>" + "x" * 60_000)
    assert html.startswith('<div class="plain">**a** &lt;b&gt;x')
    assert html.count("x") == 60_000

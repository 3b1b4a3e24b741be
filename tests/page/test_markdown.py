"""Model text becomes HTML that is right, safe, and made in bounded time."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.markdown import MOST_MARKS, block_starts, blocks, formatted, mathml, render
from conversations.markdown.sanitizing import NOTE_ID, SCHEMES, TAGS

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
SCOPE = "0123456789abcdef" * 2
PIECES = [
    "```",
    "https://a.b",
    "\n\n",
    "- ",
    "> ",
    "|-|\n",
    "- [x] ",
    "[^1]",
    "\n[^1]: ",
    "\n$$\n",
    "$$",
    "$",
    r"\(",
    r"\)",
]
PIECES += [r"\[", r"\]", "\n\\[\n", "\n\\]\n", r"\frac{1}{x}", "x^2", "```math\n"]
ALPHABET = st.sampled_from([*"ab 中é\n\t*_`[]()<>#|-~\\!&:1.\"'/$^", *PIECES])
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
    assert seen.tags <= TAGS | mathml.ELEMENTS
    for tag, name, value in seen.attributes:
        drawn = mathml.ATTRIBUTES.get(tag, {})
        assert name in {"href", "title", "class", "start", "rel", "target", "dir", "id", "tabindex", *drawn}, (
            tag,
            name,
        )
        if name == "href":
            leaves = value.lower().startswith(tuple(f"{scheme}:" for scheme in SCHEMES))
            assert leaves or (value[0] == "#" and NOTE_ID.fullmatch(value[1:])), value
        if name == "id":
            assert NOTE_ID.fullmatch(value), value
        if name in drawn:
            assert drawn[name].fullmatch(value), (tag, name, value)
    ids = [value for _, name, value in seen.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    for tag in re.findall(r"<a [^>]*>", html):
        assert 'rel="nofollow noopener noreferrer"' in tag
        assert ('target="_blank"' in tag) != ('href="#' in tag)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_becomes_harmless(text: str) -> None:
    assert_safe(render(text))


@given(MARKDOWN)
@settings(deadline=None)
def test_any_text_becomes_harmless(text: str) -> None:
    assert_safe(render(text))
    assert_safe(render(text, SCOPE))


@given(MARKDOWN)
@settings(deadline=None)
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
    assert render(text).strip().replace(' dir="auto"', "") == html


def test_tasks_are_boxes_that_cannot_be_ticked() -> None:
    html = render("- [x] done\n- [ ] *to do*\n- [x](https://a.example)\n- [ ]\n\n1. [X] counted")
    assert html.count('<li class="task">') == 3
    assert '<li class="task"><span class="box">☑</span> done</li>' in html
    assert '<span class="box">☐</span> <em>to do</em>' in html
    assert '<span class="box">☑</span> counted' in html
    assert "<input" not in html
    assert "<li>[ ]</li>" in html


def test_a_note_and_its_references_lead_to_each_other() -> None:
    html = render("One[^b], two[^a], one[^b].\n\n[^a]: Second.\n[^b]: First.\n\n    More of it.\n[^c]: Unused.", SCOPE)
    links = [value for tag, name, value in Seen(html).attributes if tag == "a" and name == "href"]
    names = [value for _, name, value in Seen(html).attributes if name == "id"]
    assert links[:3] == [f"#fn-{SCOPE}-1", f"#fn-{SCOPE}-2", f"#fn-{SCOPE}-1"]
    assert links[3:] == [f"#fnref-{SCOPE}-2-1", f"#fnref-{SCOPE}-1-1", f"#fnref-{SCOPE}-1-2"]
    assert {link[1:] for link in links} == set(names)
    assert "<p>More of it.</p>" in html
    assert '<span class="back">c</span>' in html
    assert_safe(html)


def test_notes_of_two_messages_never_meet() -> None:
    text = "A[^1].\n\n[^1]: B."
    page = "".join(render(text, scope) for scope in ("a" * 32, "b" * 32, "a" * 32 + "r"))
    names = [value for _, name, value in Seen(page).attributes if name == "id"]
    assert len(names) == len(set(names)) == 6
    assert "id=" not in render(text)


@pytest.mark.parametrize(
    "text", ["A[^1].\n\n[^1]: B.\n[^1]: C.", "[^a]: [^a] [^a]", "[^1]: x", "[a[^1]](https://a.example)\n\n[^1]: b"]
)
def test_notes_that_are_written_wrongly_have_no_name_twice(text: str) -> None:
    assert_safe(render(text, SCOPE))


@pytest.mark.parametrize("text", ["A[^1] and [^x].", "a regex [^abc]+", "[^1 2]: x", "`[^1]`\n\n[^1]: x"])
def test_what_is_no_reference(text: str) -> None:
    assert "<sup" not in render(text, SCOPE)


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
    assert html.startswith('<div class="table"><table dir="auto">')
    assert '<td class="right">2</td>' in html


@pytest.mark.parametrize("text", ["# a\n\n", "a *b* $x$ `c`\n\n", "- a\n- b\n\n", "| a | b |\n|-|-|\n| c | d |\n\n"])
def test_only_so_much_work_is_done(text: str) -> None:
    many = text * 3_000
    end = formatted(many)
    assert 0 < end < len(many)
    assert many[end - 2 : end] == "\n\n"
    html = render(many)
    _, _, rest = html.rpartition('<div class="plain">')
    assert re.sub("</?div>", "", rest) == many[end:]
    assert_safe(html)


@pytest.mark.parametrize("text", ["\\(" * 25_000, "\\[" * 25_000, "$\\(" * 16_000, "\\$" * 25_000, "a\\)" * 16_000])
def test_formulas_that_nothing_closes_are_not_looked_for_from_each_mark(text: str) -> None:
    began = time.thread_time()
    assert formatted(text) == 0
    assert render(text).count("\\") == text.count("\\")
    assert time.thread_time() - began < 1


@pytest.mark.parametrize(
    "text",
    [
        "https://x" + ")" * 49_000,
        "https://x" + ")." * 24_000,
        "```cpp\n" + 'R"a(' * 5_000 + "\n```",
        "```c\n" + "/" * 19_000 + "\n```",
        "```c\nint x;" + "\n " * 9_000 + "\n```",
        "```cpp\n" + "//" * 9_000 + "\n```",
    ],
)
def test_what_nothing_opened_or_closes_takes_no_time(text: str) -> None:
    began = time.thread_time()
    assert render(text)
    assert time.thread_time() - began < 0.7


@pytest.mark.parametrize(
    ("written", "link"),
    [
        ("(https://a.example/b_(c))).", "https://a.example/b_(c)"),
        ("https://a.example/x[1]].", "https://a.example/x[1]"),
        ("https://a.example/x)[)", "https://a.example/x"),
    ],
)
def test_brackets_around_a_link_are_no_part_of_it(written: str, link: str) -> None:
    assert f'href="{link}"' in render(written).replace("%5B", "[").replace("%5D", "]")


def test_a_long_reply_is_formatted_whole() -> None:
    """Some 10,000 tokens of what models usually write."""
    paragraph = (
        "Some **bold** words, `code`, and a [link](https://a.example/x) in a sentence that is of a usual length. " * 3
    )
    reply = f"## Title\n\n{paragraph}\n\n- one\n- two\n\n```python\nprint(1)\n```\n\n" * 100
    assert len(reply) > 36_000
    assert formatted(reply) == len(reply)
    assert formatted("Words without any mark. " * 1_000 + "\n\n") > MOST_MARKS


def test_what_is_too_long_to_format_is_all_there_as_it_is() -> None:
    html = render("**a** <b>" + "x" * 60_000)
    assert html.startswith('<div class="plain"><div>**a** &lt;b&gt;x')
    assert max(map(len, html.split("<div>"))) < 5_100
    assert html.count("x") == 60_000

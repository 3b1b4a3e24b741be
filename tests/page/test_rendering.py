"""A reply rendered while it streams ends as it does when rendered at once, and its closed blocks never change."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations import rendering
from conversations.markdown import render
from conversations.rendering import Block, LiveRender, Part, _decided, _LivePart, _render_open
from tests.page.test_markdown import MARKDOWN

REPLY = r"""# 标题

Some *text* with `code`, a [link](https://a.example) and **more**.
Second line 中文。

1. one
2. two
   - inner

1.5 is not a list

```python
def f(x):

    return x
```

| a | b |
|---|---|
| 1 | 2 |

> quoted
still quoted

For $x^2$ and \(y\), or $$z$$:

\[
\frac{a}{b}
\]
and
$$
\begin{aligned}
a &= b \\
- c
\end{aligned}
$$

- [x] done
- [ ] to do

From $5 to $10[^1] and again[^1].

[^1]: A *note*.
[^two]: Another

    with more

Title
-----
end"""


def in_pieces(text: str, cuts: list[int]) -> list[str]:
    edges = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in pairwise(edges)]


def stream(pieces: list[str]) -> _LivePart:
    """Render after every piece, and check what a browser relies on."""
    live, shown, fed = _LivePart(), dict[int, str](), b""
    for piece in pieces:
        fed += piece.encode()
        live.feed(piece)
        closed = {key: html for key, html in live.html.items() if key < live.open_start}
        for block in live.take(_render_open(live.open_text)):
            assert block.key not in closed, "a closed block changed"
            shown[block.key] = block.html
        assert {key: html for key, html in shown.items() if html} == {
            key: html for key, html in live.html.items() if html
        }
        assert live.end <= len(fed)
        assert fed[live.end :].decode() == live.unrendered
    return live


@given(MARKDOWN, st.lists(st.integers(0, 200), max_size=12))
@settings(max_examples=400, deadline=None)
def test_streamed_equals_whole(text: str, cuts: list[int]) -> None:
    assert stream(in_pieces(text, cuts)).whole() == render(text)


@given(st.lists(st.integers(0, len(REPLY)), max_size=60))
@settings(deadline=None)
def test_a_reply_with_everything_equals_whole(cuts: list[int]) -> None:
    assert stream(in_pieces(REPLY, cuts)).whole() == render(REPLY)


def test_each_character_alone() -> None:
    live = stream(list(REPLY))
    assert live.whole() == render(REPLY)
    assert live.open_start > len(REPLY.encode()) // 2


@pytest.mark.parametrize("piece", ["\n-", "\n---", "\n##", "\n1", "\n2.", "\n> ", "\n```", "\n|", "\n="])
def test_a_line_that_may_become_anything_is_not_shown_as_something(piece: str) -> None:
    live = _LivePart()
    live.feed("word" + piece)
    assert live.take(_render_open(live.open_text)) == [Block(0, '<p dir="auto">word</p>\n')]
    assert live.end == len("word")


def test_a_block_that_was_none_is_taken_away() -> None:
    live = _LivePart()
    live.feed("para\n```x")
    assert [block.key for block in live.take(_render_open(live.open_text))] == [0, 5]
    live.feed("` y")
    changed = live.take(_render_open(live.open_text))
    assert changed[-1] == Block(5, "")
    assert changed[0].key == 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"so $\frac{a", "so"),
        (r"so \(a + b", "so"),
        ("so\n\n$$\na\n- b\n", "so"),
        ("so\n\n\\[\na", "so"),
        ("so $5 and more", "so $5 and more"),
        ("so $HOME is it", "so $HOME is it"),
        ("```sh\necho $x", "```sh\necho $x"),
        ("so `$` and", "so `$` and"),
        (r"so $a$ and $b$", "so $a$ and $b$"),
        ("so\n- [", "so\n"),
        ("so\n[^1]:", "so\n"),
        ("so\n[^1]: A", "so\n[^1]: A"),
    ],
)
def test_a_formula_is_shown_as_it_is_until_it_closes(text: str, shown: str) -> None:
    assert _decided(text).rstrip() == shown.rstrip()


def test_a_formula_that_closes_is_drawn_in_the_block_where_it_stood() -> None:
    live = _LivePart()
    seen: list[str] = []
    for piece in (r"So $\frac{a", "}{b", "}$", " it is."):
        live.feed(piece)
        seen += [block.html for block in live.take(_render_open(live.open_text))]
    assert seen[0] == '<p dir="auto">So</p>\n'
    assert "<mfrac>" in seen[1]
    assert seen[2].endswith("it is.</p>\n")


def test_notes_are_numbers_while_a_reply_is_written_and_links_at_its_end() -> None:
    live = _LivePart("ab" * 16)
    live.feed("One[^1] and [^other].\n\n")
    (block,) = live.take(_render_open(live.open_text))
    assert block.html == '<p dir="auto">One<sup class="note">1</sup> and [^other].</p>\n'
    live.feed("[^1]: The note.\n[^other]: More.")
    assert '<span class="back">1</span>' in live.take(_render_open(live.open_text))[1].html
    whole = live.whole()
    assert f'<a href="#fn-{"ab" * 16}-1" id="fnref-{"ab" * 16}-1-1"' in whole
    assert f'<div class="footnote" id="fn-{"ab" * 16}-2" dir="auto">' in whole


def test_what_is_no_note_in_the_end_is_text_in_the_end() -> None:
    assert stream(["A[^1] ", "word."]).whole() == '<p dir="auto">A[^1] word.</p>\n'


def test_plain_text_needs_no_rendering() -> None:
    live = _LivePart()
    live.feed("A first word")
    assert live.needs_rendering()
    live.fresh = False
    live.take(_render_open(live.open_text))
    live.feed(" and many others, plain. 中文也是。")
    assert not live.needs_rendering()
    live.feed(" and `code")
    assert live.needs_rendering()


def test_code_is_rendered_line_by_line() -> None:
    live = _LivePart()
    live.feed("```\nx")
    live.fresh = False
    live.take(_render_open(live.open_text))
    live.feed(" = [1, 2] * 3")
    assert not live.needs_rendering()
    live.feed("\ny")
    assert live.needs_rendering()


def test_a_definition_changes_links_above_it() -> None:
    text = "[here]\n\nmore\n\n[here]: https://a.example\n"
    assert 'href="https://a.example"' in stream(list(text)).whole()


@pytest.fixture
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


class Watched:
    """A LiveRender whose blocks are kept as a browser would keep them."""

    def __init__(self, executor: Executor) -> None:
        self.blocks: dict[Part, dict[int, str]] = {"text": {}, "reasoning": {}}
        self.ends: list[int] = []
        self.news = asyncio.Event()
        self.live = LiveRender(executor, self.on_blocks)

    def on_blocks(self, part: Part, blocks: list[Block], end: int) -> None:
        self.blocks[part].update({block.key: block.html for block in blocks})
        self.ends.append(end)
        self.news.set()


@pytest.fixture
async def watched(executor: Executor, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    monkeypatch.setattr(rendering, "SHORTEST_PAUSE", 0.001)
    watched = Watched(executor)
    yield watched
    await watched.live.close()


async def test_blocks_arrive_and_the_end_is_whole(watched: Watched) -> None:
    for piece in in_pieces(REPLY, list(range(0, len(REPLY), 7))):
        watched.live.feed("text", piece)
        await asyncio.sleep(0.002)
    await asyncio.wait_for(watched.news.wait(), 15)
    blocks, end = watched.live.shown("text")
    assert {block.key: block.html for block in blocks} == {
        key: html for key, html in watched.blocks["text"].items() if html
    }
    assert watched.ends == sorted(watched.ends)
    assert watched.ends[-1] == end
    assert await watched.live.finish() == {"text": render(REPLY), "reasoning": ""}


async def test_reasoning_and_text_are_apart(watched: Watched) -> None:
    watched.live.feed("reasoning", "Think *hard*")
    await asyncio.wait_for(watched.news.wait(), 15)
    watched.live.feed("text", "Say")
    assert watched.blocks == {"text": {}, "reasoning": {0: '<p dir="auto">Think <em>hard</em></p>\n'}}
    assert await watched.live.finish() == {"text": render("Say"), "reasoning": render("Think *hard*")}


async def test_nothing_comes_after_close(watched: Watched) -> None:
    watched.live.feed("text", "Hello")
    await watched.live.close()
    await asyncio.sleep(0.01)
    assert watched.blocks["text"] == {}


async def test_one_rendering_for_many_pieces(watched: Watched) -> None:
    for character in REPLY:
        watched.live.feed("text", character)
    await asyncio.wait_for(watched.news.wait(), 15)
    assert watched.ends == [len(REPLY.encode())]


async def test_a_failure_is_logged_and_the_next_piece_tries_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(text: str) -> None:
        raise ValueError("broken")

    with monkeypatch.context() as broken:
        broken.setattr(rendering, "_render_open", fail)
        watched.live.feed("text", "one ")
        await asyncio.wait(watched.live._tasks.values())
    assert "could not be rendered" in caplog.text
    watched.live.feed("text", "*two*")
    await asyncio.wait_for(watched.news.wait(), 15)
    assert watched.blocks["text"] == {0: '<p dir="auto">one <em>two</em></p>\n'}

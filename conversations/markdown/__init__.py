"""Model text becomes safe HTML here and nowhere else.

Raw HTML is shown as text, images become links, links leave the site in a new tab and only over http, https or mailto.
An allow-list cleans the result once more, so that a fault in the parser is not a hole in the page.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.token import Token
from mdit_py_plugins.footnote.index import footnote_def

from conversations.markdown.formula_rules import CLOSES, formula_block, inline_formula
from conversations.markdown.html import Html
from conversations.markdown.rules import bare_url, emphasis_beside_cjk, note_reference, task_items
from conversations.markdown.sanitizing import DIRECTED, clean

LONGEST_TEXT = 400_000  # characters of one message that are formatted
LONGEST_BLOCK = 50_000  # characters between two blank lines
# How much work a text may make before the rest of it is shown as it is: a mark takes about 20 µs, whatever it means.
MOST_MARKS = 7_000
MOST_MARKS_IN_BLOCK = 2_500
MARKS, LESSER_MARKS = "*_`[[]<&\\$~!|^:\n\n", "%+-=@{}>#"  # what may open a link, and a line end, are as much as two
ADDRESSES = ("http://", "https://", "mailto:")
LONGEST_LINK = 1_500  # characters: one definition can be referred to a thousand times
OPENS = re.compile(r"\$|\\[(\[]")
LONGEST_PIECE = (
    5_000  # characters of unformatted text in one element: a browser takes minutes to lay out a word of 1 MB
)
PIECE = re.compile(rf"(?s:.{{1,{LONGEST_PIECE}}}(?:\n|\Z)|.{{{LONGEST_PIECE}}})")
LINE = re.compile(r"\r\n?|\n")
BLANK_LINES = re.compile(r"\n[ \t]*\n")


def render(text: str, scope: str = "") -> SafeString:
    """The whole of ``text`` as HTML that is safe to put into a page.

    ``scope`` is what the page calls this text, 32 hexadecimal digits: its footnotes are linked, by names of their own.
    """
    return mark_safe("".join(html for _, html in blocks(text, scope)))  # noqa: S308 - cleaned by an allow-list


def blocks(text: str, scope: str = "", *, unfinished: bool = False) -> list[tuple[int, str]]:
    """The top-level blocks of ``text``, in order: where each starts, in UTF-8 bytes, and its safe HTML."""
    parser, env = _parser(), dict[str, Any](scope=scope, unfinished=unfinished)
    end = formatted(text)
    starts = _LineStarts(text[:end])
    made = [
        (starts.bytes_at(line), clean(parser.renderer.render(_directed(tokens), parser.options, env)))
        for line, tokens in _top_level(parser.parse(text[:end], env))
    ]
    return made if end == len(text) else [*made, (len(text[:end].encode()), _as_it_is(text[end:]))]


def block_starts(text: str) -> list[int]:
    """Where the top-level blocks of ``text`` start, in UTF-8 bytes. Cheaper than ``blocks``: nothing is rendered."""
    end = formatted(text)
    starts = _LineStarts(text[:end])
    made = [starts.bytes_at(line) for line, _ in _top_level(_outline().parse(text[:end]))]
    return made if end == len(text) else [*made, len(text[:end].encode())]


def formatted(text: str) -> int:
    """How many characters of ``text`` are formatted: up to the blank line before what would be too much work."""
    if len(text) <= MOST_MARKS_IN_BLOCK // 2:
        return len(text)
    start, work = 0, 0
    for end in (*(match.end() for match in BLANK_LINES.finditer(text, 0, LONGEST_TEXT)), len(text)):
        block = _work(text[start:end]) if end - start <= LONGEST_BLOCK else MOST_MARKS
        work += block
        if end > LONGEST_TEXT or block > MOST_MARKS_IN_BLOCK or work > MOST_MARKS:
            return start
        start = end
    return len(text)


def _work(block: str) -> int:
    """In marks. Two characters of a formula are about one."""
    return sum(map(block.count, MARKS)) + sum(map(block.count, LESSER_MARKS)) // 4 + _in_formulas(block) // 2


def _in_formulas(block: str) -> int:
    """Characters between a mark that opens a formula and the next that closes it, both included. A mark that nothing
    closes is looked for once, not from each that opens one: there may be thousands."""
    at, found, unclosed = 0, 0, set[str]()
    while opened := OPENS.search(block, at):
        mark, at = opened.group(), opened.end()
        if mark in unclosed:
            continue
        close = CLOSES[mark]
        end = block.find(close, at + len(close) - 1)  # of brackets, not an empty one
        if end < 0:
            unclosed.add(mark)
        elif end > at:
            at = end + len(close)
            found += at - opened.start()
    return found


def _as_it_is(text: str) -> str:
    pieces = PIECE.findall(text) if len(text) > LONGEST_PIECE else [text]
    shown = escape(text, quote=False)
    if len(pieces) > 1:
        shown = "".join(f"<div>{escape(piece, quote=False)}</div>" for piece in pieces)
    return f'<div class="plain">{shown}</div>'


class _LineStarts:
    """Byte offsets of lines, counted only as far as asked: lines are asked for in order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(match.end() for match in LINE.finditer(text))]
        self._line = self._bytes = 0

    def bytes_at(self, line: int) -> int:
        self._bytes += len(self._text[self._starts[self._line] : self._starts[line]].encode())
        self._line = line
        return self._bytes


def _top_level(tokens: Sequence[Token]) -> Iterable[tuple[int, list[Token]]]:
    group: list[Token] = []
    for token in tokens:
        group.append(token)
        if token.level == 0 and token.nesting <= 0:
            yield (group[0].map or [0])[0], group
            group = []


def _directed(tokens: list[Token]) -> list[Token]:
    """Each block reads from the side its own first letter asks for."""
    if tokens[0].tag in DIRECTED or tokens[0].tag in {"h1", "h2"} or tokens[0].type == "footnote_reference_open":
        tokens[0].attrSet("dir", "auto")
    return tokens


@cache
def _outline() -> MarkdownIt:
    """Finds blocks only. Its lists must be tight or loose as the parser's are, so it has the same block rules."""
    outline = _bare()
    outline.core.ruler.disable(["inline", "text_join"])
    return outline


@cache
def _parser() -> MarkdownIt:
    parser = _bare()
    parser.inline.ruler.before("text", "bare_url", bare_url)
    parser.inline.ruler.before("escape", "inline_formula", inline_formula)
    parser.inline.ruler.at("emphasis", emphasis_beside_cjk)
    parser.inline.ruler.before("link", "note_reference", note_reference)
    parser.core.ruler.push("task_items", task_items)
    return parser


def _bare() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}, renderer_cls=Html)
    parser.enable(["table", "strikethrough"]).disable(["html_block", "html_inline"])
    interrupts: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.block.ruler.before("fence", "formula_block", formula_block, interrupts)
    parser.block.ruler.before("reference", "footnote_def", footnote_def, {"alt": ["paragraph", "reference"]})
    parser.validateLink = _may_link  # type: ignore[method-assign]
    return parser


def _may_link(url: str) -> bool:
    """Only a whole address: ``https:name`` is one of this site, on a page that came by https."""
    return len(url) <= LONGEST_LINK and url.lower().startswith(ADDRESSES)

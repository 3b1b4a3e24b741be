"""Model text becomes safe HTML here and nowhere else.

Raw HTML is shown as text, images become links, links leave the site in a new tab and only over http, https or mailto.
An allow-list cleans the result once more, so that a fault in the parser is not a hole in the page.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from conversations.highlight import CLASSES, highlight
from conversations.markdown_rules import bare_url, emphasis_beside_cjk

LONGEST_BLOCK = 50_000  # characters between blank lines; what is longer is shown as it is: parsing could take minutes
LONGEST_TEXT = 400_000  # characters of one message that are formatted
SCHEMES = ("http", "https", "mailto")
LINE = re.compile(r"\r\n?|\n")
BLANK_LINES = re.compile(r"\n[ \t]*\n")
LABEL = re.compile(r"[\w.+#-]{1,24}")
TAGS = {"a", "blockquote", "br", "code", "del", "em", "hr", "li", "ol", "p", "pre", "s", "span", "strong", "ul"}
TAGS |= {"div", "figcaption", "figure", "h3", "h4", "h5", "h6", "table", "tbody", "td", "th", "thead", "tr"}
HEADING_SHIFT = 2  # the page has h1 and h2 of its own


def render(text: str) -> SafeString:
    """The whole of ``text`` as HTML that is safe to put into a page."""
    return mark_safe("".join(html for _, html in blocks(text)))  # noqa: S308 - cleaned by an allow-list


def blocks(text: str) -> list[tuple[int, str]]:
    """The top-level blocks of ``text``, in order: where each starts, in UTF-8 bytes, and its safe HTML."""
    if _is_too_much(text):
        return [(0, _as_it_is(text))]
    parser = _parser()
    env: dict[str, Any] = {}
    starts = _LineStarts(text)
    return [
        (starts.bytes_at(line), _clean(parser.renderer.render(tokens, parser.options, env)))
        for line, tokens in _top_level(parser.parse(text, env))
    ]


def block_starts(text: str) -> list[int]:
    """Where the top-level blocks of ``text`` start, in UTF-8 bytes. Cheaper than ``blocks``: nothing is rendered."""
    if _is_too_much(text):
        return [0]
    starts = _LineStarts(text)
    return [starts.bytes_at(line) for line, _ in _top_level(_outline().parse(text))]


def _is_too_much(text: str) -> bool:
    if len(text) <= LONGEST_BLOCK:
        return False
    return len(text) > LONGEST_TEXT or max(map(len, BLANK_LINES.split(text))) > LONGEST_BLOCK


def _as_it_is(text: str) -> str:
    return f'<div class="plain">{escape(text, quote=False)}</div>'


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
    parser.inline.ruler.at("emphasis", emphasis_beside_cjk)
    return parser


def _bare() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}, renderer_cls=_Html)
    parser.enable(["table", "strikethrough"]).disable(["html_block", "html_inline"])
    parser.validateLink = _may_link  # type: ignore[method-assign]
    return parser


def _may_link(url: str) -> bool:
    return url.lower().startswith(tuple(f"{scheme}:" for scheme in SCHEMES))


class _Html(RendererHTML):
    """markdown-it's renderer, but for what our page shows in another way."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """Code with its language above it."""
        match = LABEL.match(tokens[idx].info.strip())
        language = match.group() if match else ""
        # Without its last line end, so that a browser can go on in the last line of code that is still being written.
        code = highlight(tokens[idx].content.removesuffix("\n"), language)
        return (
            f'<figure class="code"><figcaption>{escape(language)}</figcaption><pre><code>{code}</code></pre></figure>'
        )

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """Indented code looks as fenced code does."""
        return self.fence(tokens, idx, options, env)

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """A link: an image from elsewhere would tell its host who reads what."""
        source = str(tokens[idx].attrs.get("src", ""))
        words = self.renderInlineAsText(tokens[idx].children or [], options, env) or source
        return f'<a class="image" href="{escape(source)}">{escape(words)}</a>'

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """Headings of a message rank below those of the page."""
        return f"<h{self._rank(tokens[idx])}>"

    def heading_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """See ``heading_open``."""
        return f"</h{self._rank(tokens[idx])}>"

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """A wide table scrolls by itself."""
        return '<div class="table"><table>'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """See ``table_open``."""
        return "</table></div>"

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """Alignment as a class: the page's policy allows no style attribute."""
        side = str(tokens[idx].attrs.get("style", "")).removeprefix("text-align:")
        return f'<{tokens[idx].tag} class="{side}">' if side in {"center", "right"} else f"<{tokens[idx].tag}>"

    td_open = th_open

    @staticmethod
    def _rank(token: Token) -> int:
        return min(int(token.tag[1:]) + HEADING_SHIFT, 6)


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        allowed_classes={
            "a": {"image"},
            "div": {"plain", "table"},
            "figure": {"code"},
            "span": set(CLASSES.values()),
            "td": {"center", "right"},
            "th": {"center", "right"},
        },
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="nofollow noopener noreferrer",
        url_schemes=set(SCHEMES),
        url_relative="deny",
    )


def _clean(html: str) -> str:
    return _cleaner().clean(html)

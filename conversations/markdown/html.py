"""What the tokens of model text look like in HTML. None of it reaches a page before ``sanitizing`` saw it."""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from conversations.markdown.formula_rules import CLOSES
from conversations.markdown.formulas import formula
from conversations.markdown.highlight import highlight

LABEL = re.compile(r"[\w.+#-]{1,24}")
HEADING_SHIFT = 2  # the page has h1 and h2 of its own
MOST_BACK_LINKS = 9


class Html(RendererHTML):
    """markdown-it's renderer, but for what our page shows in another way."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """Code with its language above it; a formula where that is ``math``."""
        match = LABEL.match(tokens[idx].info.strip())
        language = match.group() if match else ""
        # Without its last line end, so that a browser can go on in the last line of code that is still being written.
        source = tokens[idx].content.removesuffix("\n")
        if language == "math" and (drawn := formula(source, display=True)):
            return f'<div class="formula">{drawn}</div>'
        return (
            f'<figure class="code"><figcaption>{escape(language)}</figcaption>'
            f'<pre tabindex="0"><code>{highlight(source, language)}</code></pre></figure>'
        )

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """Indented code looks as fenced code does."""
        return self.fence(tokens, idx, options, env)

    def formula_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """A formula in lines of its own; its source where it cannot be drawn."""
        token = tokens[idx]
        drawn = formula(token.content, display=True) if token.content else None
        return f'<div class="formula">{drawn}</div>' if drawn else f'<div class="plain">{_written(token.info)}</div>'

    def formula_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """A formula in a line."""
        content, mark = tokens[idx].content, tokens[idx].markup
        is_display = mark in {"$$", r"\["}
        if drawn := formula(content, display=is_display):
            return f'<span class="formula{" display" if is_display else ""}">{drawn}</span>'
        return _written(mark + content + CLOSES[mark])

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """A link: an image from elsewhere would tell its host who reads what."""
        source = str(tokens[idx].attrs.get("src", ""))
        words = self.renderInlineAsText(tokens[idx].children or [], options, env) or source
        return f'<a class="image" href="{escape(source)}" target="_blank">{escape(words)}</a>'

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """Links leave the site in a tab of their own."""
        return f'<a{self.renderAttrs(tokens[idx])} target="_blank">'

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """Headings of a message rank below those of the page."""
        return f"<h{_rank(tokens[idx])}{self.renderAttrs(tokens[idx])}>"

    def heading_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """See ``heading_open``."""
        return f"</h{_rank(tokens[idx])}>"

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """A wide table scrolls by itself."""
        return f'<div class="table"><table{self.renderAttrs(tokens[idx])}>'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """See ``table_open``."""
        return "</table></div>"

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """Alignment as a class: the page's policy allows no style attribute."""
        side = str(tokens[idx].attrs.get("style", "")).removeprefix("text-align:")
        return f'<{tokens[idx].tag} class="{side}">' if side in {"center", "right"} else f"<{tokens[idx].tag}>"

    td_open = th_open

    def task_box(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """A character, not a field: it cannot be ticked, and a screen reader says it as it says other words."""
        return f'<span class="box">{"☐" if tokens[idx].content == " " else "☑"}</span> '

    def note_reference(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """A small number that leads to the note, once there is one."""
        label, time = tokens[idx].meta["label"], tokens[idx].meta["time"]
        number, scope = _number(label, env), env.get("scope")
        if not scope or f":{label}" not in env.get("footnotes", {}).get("refs", {}):
            return f'<sup class="note">{number}</sup>'
        where = f'href="#fn-{scope}-{number}" id="fnref-{scope}-{number}-{time}"'
        return f'<sup class="note"><a {where}>{number}</a></sup>'

    def footnote_reference_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """A note stays where it was written. Its number leads back to where it was referred to."""
        label, scope = tokens[idx].meta["label"], env.get("scope")
        number, times = _number(label, env), env.get("references", {}).get(label, 0)
        placed: set[str] = env.setdefault("placed", set())
        named, back = "", number
        if scope and times and label not in placed:
            placed.add(label)
            named = f' id="fn-{scope}-{number}"'
            links = (f'href="#fnref-{scope}-{number}-{time}"' for time in range(1, min(times, MOST_BACK_LINKS) + 1))
            back = " ".join(f"<a {link}>{'↑' * bool(place) + number}</a>" for place, link in enumerate(links))
        return f'<div class="footnote"{named}{self.renderAttrs(tokens[idx])}><span class="back">{back}</span><div>'

    def footnote_reference_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """See ``footnote_reference_open``."""
        return "</div></div>"


def _rank(token: Token) -> int:
    return min(int(token.tag[1:]) + HEADING_SHIFT, 6)


def _written(source: str) -> str:
    return f'<code class="formula">{escape(source.strip(), quote=False)}</code>'


def _number(label: str, env: Any) -> str:
    """Notes count in the order of their first references; until all are known, they are called as they were written."""
    labels = list(env.get("references", {}))
    return escape(label[:8]) if env.get("unfinished") or label not in labels else str(labels.index(label) + 1)

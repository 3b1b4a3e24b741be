"""Markdown with front matter. What a strict CommonMark parser reads of a message is what it reads of it alone.

Each message follows an HTML comment with its provenance, and stands as it was written. One that would reach beyond its
end (a fence or a comment that is left open, a link definition that another message would follow) is put into a fence of
its own, longer than any in it, from which a parser gives it back to the letter.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference

from exports.canonical import written
from exports.formats import View
from exports.formats.telling import byline, ending, speaker
from exports.records import Item, Record

END = "<!-- /message -->"
OURS = re.compile(r"<!-- /?message\b")
# What may reach beyond the end of a text: only a text with one of these at the beginning of a line is parsed. Of a link
# definition that is its bracket: to look for its end from each one would be too much work.
REACHES = re.compile(r"(?:^|[\r\n])[ \t>*+\-0-9.)]*(?:```|~~~|<|\[)")
BRACKETS = re.compile(r"\\.|[\[\]]", re.DOTALL)
LINE = re.compile(r"[\r\n][ \t>]*")
TICKS = re.compile(r"`{3,}")
SPECIAL = re.compile(r"([\\`*_\[\]<&#])")
# YAML's double quotes take what JSON writes, but for these characters.
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class Markdown:
    """One file a conversation."""

    name = "markdown"
    suffix = ".md"
    content_type = "text/markdown; charset=utf-8"

    def write(self, record: Record, view: View) -> bytes:
        record = view.cut(record)
        return "".join((front_matter(record), f"\n# {escaped(record.title)}\n", *_messages(record))).encode()


def front_matter(record: Record) -> str:
    """YAML whose every text is in double quotes."""
    models = sorted({item.model for item in record.messages if item.model})
    texts = {"format": "chatsite/markdown", "id": str(record.id), "title": record.title, "owner": record.owner}
    lines = [f"{name}: {_quoted(text)}" for name, text in texts.items()]
    if record.folder:
        lines.append(f"folder: {_quoted(record.folder)}")
    lines += [f"tags: {_quoted(record.tags)}", f"models: {_quoted(models)}"]
    times = {"created": record.created_at, "updated": record.updated_at}
    lines += [f"{name}: {written(at)}" for name, at in times.items() if at]
    return "\n".join(["---", *lines, f"messages: {len(record.messages)}", "---", ""])


def escaped(title: str) -> str:
    """As the words of a heading."""
    return SPECIAL.sub(r"\\\1", " ".join(title.split()))


def _messages(record: Record) -> Iterator[str]:
    texts = [text for item in record.messages for text in (item.text, item.reasoning)]
    said = Counter(label for text in texts for label in _labels(text))
    for item in record.messages:
        yield "\n" + "\n\n".join(_parts(item, record, said)) + "\n"


def _parts(item: Item, record: Record, said: Counter[str]) -> Iterator[str]:
    yield f"<!-- message {_provenance(item, speaker(item, record))} -->"
    yield f"## {escaped(byline(item, record))}"
    if item.reasoning:
        yield f"<details>\n<summary>{_('Reasoning')}</summary>"
        yield _body(item.reasoning, said)
        yield "</details>"
    if item.text:
        yield _body(item.text, said)
    if end := ending(item):
        yield f"*{escaped(end)}*"
    yield END


def _body(text: str, said: Counter[str]) -> str:
    """A text as it stands in the file, between blank lines. ``said``: in how many of its texts each label stands."""
    return _fenced(text) if _reaches_out(text, said) else text


def _provenance(item: Item, author: str) -> str:
    """JSON that cannot end the comment it is in."""
    said = {
        "author": author,
        "completion_tokens": item.completion_tokens,
        "created_at": item.created_at and written(item.created_at),
        "engine": item.engine,
        "id": str(item.id),
        "model": item.model,
        "parent": item.parent and str(item.parent),
        "position": item.position,
        "prompt_tokens": item.prompt_tokens,
        "role": item.role,
        "sha256": item.sha256,
        "state": item.state,
    }
    known = {name: value for name, value in said.items() if value not in (None, "")}
    return json.dumps(known, ensure_ascii=False).replace("--", r"\u002d\u002d").replace(">", r"\u003e")


def _quoted(value: object) -> str:
    written_as_json = json.dumps(value, ensure_ascii=False)
    return UNPRINTABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", written_as_json)


def _fenced(text: str) -> str:
    fence = "`" * max(3, *(len(run) + 1 for run in TICKS.findall(text)), 3)
    return f"{fence}markdown\n{text}\n{fence}"


def _labels(text: str) -> set[str]:
    """What a definition would have to be called for a link of this text to lead to it."""
    found, opened = set[str](), -1
    for mark in BRACKETS.finditer(text):
        if mark.group() == "[":
            opened = mark.end()
        elif mark.group() == "]" and opened >= 0:
            found.add(normalizeReference(LINE.sub(" ", text[opened : mark.start()])))
            opened = -1
    return found


def _reaches_out(text: str, said: Counter[str]) -> bool:
    """Whether what follows it would be read as something else, or it would be taken for a part of the file."""
    if OURS.search(text):
        return True
    if not REACHES.search(text):
        return False
    env: dict[str, dict[str, object]] = {}
    tokens = _parser().parse(f"{text}\n\n{END}\n", env)
    is_closed = bool(tokens) and (tokens[-1].type, tokens[-1].level, tokens[-1].content) == (
        "html_block",
        0,
        f"{END}\n",
    )
    own = _labels(text)
    return not is_closed or any(said[label] > (label in own) for label in env.get("references", {}))


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").disable(["inline", "text_join"])

"""Only the words, as anything can show them."""

import unicodedata

from django.utils.translation import gettext as _

from exports.formats import View
from exports.formats.telling import byline, ending, summary
from exports.records import Item, Record


class Text:
    """Plain text in UTF-8."""

    name = "text"
    suffix = ".txt"
    content_type = "text/plain; charset=utf-8"

    def write(self, record: Record, view: View) -> bytes:
        record = view.cut(record)
        title = " ".join(record.title.split())
        head = f"{title}\n{'=' * min(_width(title), 72)}\n{summary(record)}\n"
        return "\n".join([head, *(_said(item, record) for item in record.messages)]).encode()


def _said(item: Item, record: Record) -> str:
    line = byline(item, record)
    parts = [f"{line}\n{'-' * min(_width(line), 72)}"]
    if item.reasoning:
        parts.append(f"[{_('Reasoning')}]\n{item.reasoning}\n[/{_('Reasoning')}]")
    parts += filter(None, (item.text, ending(item) and f"[{ending(item)}]"))
    return "\n".join(parts) + "\n"


def _width(text: str) -> int:
    """In columns: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)

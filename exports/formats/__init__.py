"""The forms a conversation leaves in: a table name -> class, imported on first use."""

import importlib
from dataclasses import dataclass, replace
from typing import Protocol, cast
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from conversations.refusals import Refused
from exports.records import Item, Record

FORMATS = {
    "markdown": "exports.formats.markdown:Markdown",
    "html": "exports.formats.html:Html",
    "pdf": "exports.formats.pdf:Pdf",
    "text": "exports.formats.text:Text",
    "json": "exports.formats.json:Json",
    "csv": "exports.formats.csv:Csv",
}
LABELS = {  # beside them: the libraries that some need are loaded when one is written
    "markdown": _("Markdown, for notes and knowledge bases"),
    "html": _("Web page"),
    "pdf": _("PDF, for paper"),
    "text": _("Plain text"),
    "json": _("JSON, for programs"),
    "csv": _("CSV, for spreadsheets"),
}

MOST_CHARACTERS = {"pdf": 300_000}  # in one file: so many take half a minute of a process that serves pages


@dataclass(frozen=True, slots=True)
class View:
    """How much of a conversation. Positions are those of ``Item.position``; both ends are in it."""

    whole: bool = False  # all branches, not only the one that is shown
    reasoning: bool = False
    first: int | None = None
    last: int | None = None
    tip: UUID | None = None

    def cut(self, record: Record) -> Record:
        """A record of only what was asked for, which is a conversation by itself."""
        items = [item for item in (record.messages if self.whole else record.branch(self.tip)) if self._has(item)]
        kept = {item.id for item in items}
        last = items[-1].id if items else None
        tip = next((one for one in (self.tip, record.tip) if one in kept), last)
        return replace(record, tip=tip, messages=tuple(self._alone(item, kept) for item in items))

    def check(self, record: Record, name: str) -> None:
        """Refuse what is too much for a file of this format."""
        most = MOST_CHARACTERS.get(name)
        characters = sum(len(item.text) + len(item.reasoning) for item in self.cut(record).messages)
        if most is not None and characters > most:
            detail = _("This has %(has)d characters; a file of this format may have %(allowed)d. Take a part of it.")
            raise Refused("too_long", detail % {"has": characters, "allowed": most}, most)

    def _has(self, item: Item) -> bool:
        return (self.first or 0) <= item.position and (self.last is None or item.position <= self.last)

    def _alone(self, item: Item, kept: set[UUID]) -> Item:
        parent = item.parent if item.parent in kept else None
        continues = item.continues if item.continues in kept else None
        reasoning = item.reasoning if self.reasoning else ""
        return replace(item, parent=parent, continues=continues, reasoning=reasoning)


class Format(Protocol):
    """One conversation as a file."""

    name: str  # in addresses: "markdown"
    suffix: str  # of its files: ".md"
    content_type: str

    def write(self, record: Record, view: View) -> bytes:
        """The whole file."""


def format_named(name: str) -> Format:
    """Raises KeyError for a name that is not in the table."""
    module, _, kind = FORMATS[name].partition(":")
    return cast("Format", getattr(importlib.import_module(module), kind)())

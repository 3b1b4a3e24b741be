"""Forms in which many conversations leave: a table of names to dotted paths, imported on first use.

A form reads records one after another and keeps none, so its memory does not grow with them.
"""

import importlib
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Protocol

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from exports.forms.options import Options
from exports.jobs.archive import Archive
from exports.records import Record

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_FORMS: dict[str, tuple[str, "StrOrPromise"]] = {
    "markdown": ("exports.forms.tree:Tree", _("Markdown: a file for each conversation, in its folder")),
    "jsonl": ("exports.forms.native:Native", _("JSON Lines: complete, to be imported again")),
    "chunks": ("exports.forms.chunks:Chunks", _("Chunks for retrieval (JSON Lines)")),
    "openai": ("exports.forms.tuning:OpenAI", _("OpenAI fine-tuning (JSON Lines)")),
    "sharegpt": ("exports.forms.tuning:ShareGPT", pgettext_lazy("form of an export", "ShareGPT (JSON Lines)")),
    "alpaca": ("exports.forms.tuning:Alpaca", pgettext_lazy("form of an export", "Alpaca (JSON Lines)")),
    "csv": ("exports.forms.tables:Csv", _("CSV: a row for each message")),
    "parquet": ("exports.forms.tables:Parquet", _("Parquet: a row for each message")),
}
NAMES = tuple(_FORMS)
LABELS = [(name, label) for name, (_path, label) in _FORMS.items()]


class Form(Protocol):
    """Writes what it makes of the records as entries of the archive."""

    def write(self, records: Iterable[Record], archive: Archive, options: Options) -> None: ...


@cache
def form(name: str) -> Form:
    """The form of this name. Raises KeyError."""
    path, _label = _FORMS[name]
    module, _sep, kind = path.partition(":")
    made: Form = getattr(importlib.import_module(module), kind)()
    return made

"""A row a message, for spreadsheets."""

import csv
import io
from typing import Any

from exports.canonical import written
from exports.formats import View
from exports.records import Item, Record

COLUMNS = (
    *("conversation", "title", "message", "position", "parent", "role", "author", "created_at", "model", "engine"),
    *("state", "prompt_tokens", "completion_tokens", "rating", "sha256", "reasoning", "text"),
)
FORMULA = ("=", "+", "-", "@")  # what a spreadsheet would take for one at the beginning of a cell, or behind spaces


class Csv:
    """UTF-8 with the mark without which spreadsheets take it for Latin letters."""

    name = "csv"
    suffix = ".csv"
    content_type = "text/csv; charset=utf-8"

    def write(self, record: Record, view: View) -> bytes:
        record = view.cut(record)
        file = io.StringIO(newline="")
        table = csv.writer(file)
        table.writerow(COLUMNS)
        table.writerows(row(item, record) for item in record.messages)
        return ("\ufeff" + file.getvalue()).encode()


def row(item: Item, record: Record) -> list[Any]:
    """One message, guarded."""
    author = record.owner if item.role == "user" else item.model
    made = written(item.created_at) if item.created_at else ""
    return [
        *(str(record.id), safe(record.title), str(item.id), item.position, str(item.parent or ""), item.role),
        *(safe(author), made, safe(item.model), safe(item.engine), item.state, item.prompt_tokens),
        *(item.completion_tokens, item.rating.value if item.rating else "", item.sha256),
        *(safe(item.reasoning), safe(item.text)),
    ]


def safe(text: str) -> str:
    """Never a formula: an apostrophe before what begins like one, as spreadsheets themselves write such a text."""
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text

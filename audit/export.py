"""Entries as text for other programs: JSON lines, from which the chain can be verified, or CSV for a spreadsheet."""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable

from asgiref.sync import sync_to_async

from audit.models import Entry, EntryQuerySet

COLUMNS = (
    *("id", "at", "action", "actor_id", "actor_name", "subject_kind", "subject_id", "subject_name"),
    *("details", "previous", "hash"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def json_line(entry: Entry) -> str:
    """What is hashed, and the hash, on one line."""
    return json.dumps({**entry.facts(), "hash": entry.hash}, ensure_ascii=False) + "\n"


def csv_line(entry: Entry) -> str:
    """The same as a row of CSV."""
    facts = {**entry.facts(), "hash": entry.hash, "details": json.dumps(entry.details, ensure_ascii=False)}
    return _csv([_cell(facts[name]) for name in COLUMNS])


async def written(entries: EntryQuerySet, line: Callable[[Entry], str], head: str = "") -> AsyncIterator[bytes]:
    """The entries as bytes, oldest first, a part at a time: however long the log, little of it is in memory."""
    yield head.encode()
    last = 0
    while part := await sync_to_async(entries.part)(last):
        yield "".join(map(line, part)).encode()
        last = part[-1].pk


def _cell(value: object) -> str:
    """Text a spreadsheet does not run: anybody may try to sign in under a name that is a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _csv(cells: list[str]) -> str:
    row = io.StringIO()
    csv.writer(row, lineterminator="\n").writerow(cells)
    return row.getvalue()


CSV_HEAD = "\ufeff" + _csv(list(COLUMNS))  # the mark by which spreadsheets know UTF-8

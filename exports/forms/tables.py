"""A row for each message, with all that is known of it: as CSV for spreadsheets, as Parquet for programs."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from exports.canonical import written
from exports.formats.csv import safe
from exports.forms.options import Options
from exports.forms.parquet import FLAG, INTEGER, TEXT, TIME, Writer
from exports.jobs.archive import Archive
from exports.records import Item, Record

COLUMNS = {
    **dict.fromkeys(("conversation", "title", "owner", "folder", "tags", "message", "parent"), TEXT),
    "position": INTEGER,
    "on_branch": FLAG,
    **dict.fromkeys(("role", "text", "reasoning", "state", "problem"), TEXT),
    **dict.fromkeys(("created_at", "started_at", "finished_at"), TIME),
    **dict.fromkeys(("model", "engine"), TEXT),
    **dict.fromkeys(("prompt_tokens", "completion_tokens", "ttft_ms", "reasoning_ms", "rating"), INTEGER),
    **dict.fromkeys(("rating_comment", "review", "reviewed_by", "moderation"), TEXT),
    **dict.fromkeys(("instructions_sha256", "sha256"), TEXT),
}
MARK = "\ufeff"  # by which spreadsheets know UTF-8


class Csv:
    """RFC 4180. What a spreadsheet would run as a formula has an apostrophe before it."""

    def write(self, records: Iterable[Record], archive: Archive, options: Options) -> None:
        with (
            archive.entry("messages.csv") as out,
            io.TextIOWrapper(io.BufferedWriter(out), "utf-8", newline="") as text,
        ):
            text.write(MARK)
            writer = csv.writer(text)
            writer.writerow(COLUMNS)
            for row in rows(records, options):
                writer.writerow([_cell(row[name]) for name in COLUMNS])


class Parquet:
    """One file, whose columns keep their kinds."""

    def write(self, records: Iterable[Record], archive: Archive, options: Options) -> None:
        with archive.entry("messages.parquet") as out:
            writer = Writer(out, COLUMNS)
            for row in rows(records, options):
                writer.add(row)
            writer.close()


def rows(records: Iterable[Record], options: Options) -> Iterator[dict[str, Any]]:
    """Of the branches that were last looked at, or of all."""
    for record in records:
        branch = record.branch()
        shown = {item.id for item in branch}
        about = {
            "conversation": str(record.id),
            "title": record.title,
            "owner": record.owner,
            "folder": record.folder,
            "tags": ", ".join(record.tags),
        }
        for item in record.messages if options.whole else branch:
            yield {**about, **_of(item, options), "on_branch": item.id in shown}


def _of(item: Item, options: Options) -> dict[str, Any]:
    said = {name: getattr(item, name) for name in COLUMNS if hasattr(item, name)}
    rating, review = item.rating, item.review
    return {
        **said,
        "message": str(item.id),
        "parent": str(item.parent) if item.parent else None,
        "reasoning": item.reasoning if options.reasoning else None,
        "rating": rating.value if rating else None,
        "rating_comment": rating.comment if rating else None,
        "review": review.state if review else None,
        "reviewed_by": review.by if review else None,
        "moderation": ", ".join(f"{found.rule}: {found.action}" for found in item.moderation),
    }


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return written(value)
    return safe(value) if isinstance(value, str) else str(value)

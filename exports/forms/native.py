"""A conversation a line, complete: what the import of this site reads again."""

from collections.abc import Iterable

from exports import canonical
from exports.forms.options import Options
from exports.jobs.archive import Archive
from exports.records import Record


class Native:
    """``chatsite/conversation`` of docs/exports.md, each on a line."""

    def write(self, records: Iterable[Record], archive: Archive, options: Options) -> None:
        with archive.entry("conversations.jsonl") as out:
            for record in records:
                out.write(canonical.line(record).encode())

"""A Markdown file for each conversation, in a folder as its owner keeps it, and an index of all of them."""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from exports.formats import View
from exports.formats.markdown import Markdown
from exports.forms.options import Options
from exports.jobs.archive import Archive
from exports.names import file_name
from exports.records import Record

INDEX = "index.md"
MARKS = re.compile(r"([\\`*_\[\]<>#|~])")


class Tree:
    """Names end with the conversation's id: whoever follows knows what a renamed one replaces."""

    def write(self, records: Iterable[Record], archive: Archive, options: Options) -> None:
        markdown = Markdown()
        view = View(whole=options.whole, reasoning=options.reasoning)
        index = Index()
        for record in records:
            folders = [record.owner] if options.by_owner else []
            path = "/".join([*map(file_name, [*folders, *([record.folder] if record.folder else [])]), _file(record)])
            with archive.entry(path) as out:
                out.write(markdown.write(record, view))
            index.add(record, path)
        with archive.entry(INDEX) as out:
            for line in index.lines():
                out.write(line.encode())


class Index:
    """In a temporary file of SQLite's, for which there may be more conversations than fit into memory."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("")
        self._rows.execute("CREATE TABLE entry (folder TEXT, changed TEXT, title TEXT, path TEXT)")

    def add(self, record: Record, path: str) -> None:
        changed = record.updated_at.date().isoformat() if record.updated_at else ""
        self._rows.execute(
            "INSERT INTO entry VALUES (?, ?, ?, ?)", (path.rpartition("/")[0], changed, record.title, path)
        )

    def lines(self) -> Iterator[str]:
        """A list for each folder, the newest first; closes the file."""
        last = None
        try:
            for folder, changed, title, path in self._rows.execute("SELECT * FROM entry ORDER BY 1, 2 DESC, 4"):
                if folder != last:
                    yield f"{'' if last is None else chr(10)}# {_plain(folder) or '.'}\n\n"
                    last = folder
                yield f"- {changed} [{_plain(title) or '…'}]({quote(path)})\n"
        finally:
            self._rows.close()


def _file(record: Record) -> str:
    return f"{file_name(record.title)} {record.id}.md"


def _plain(text: str) -> str:
    """On one line, and no mark of it is Markdown's."""
    return MARKS.sub(r"\\\1", " ".join(text.split()))

"""SQLite: an FTS5 table whose rows go with their entries, by a trigger.

The ``ascii`` tokenizer takes all but ASCII's own letters, digits and ``~`` as they are; terms are folded before.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from conversations.models import IndexEntry
from conversations.search.query import Phrase
from conversations.search.stores import Found, Wanted

ONE_WRITER = True

CREATE = (
    """CREATE VIRTUAL TABLE conversations_terms USING fts5(terms, tokenize = "ascii tokenchars '~'")""",
    """
    CREATE TRIGGER conversations_terms_go AFTER DELETE ON conversations_indexentry
    BEGIN DELETE FROM conversations_terms WHERE rowid = old.id; END
    """,
)
DROP = ("DROP TRIGGER conversations_terms_go", "DROP TABLE conversations_terms")
WRITE = "INSERT INTO conversations_terms (rowid, terms) VALUES (%s, %s)"
FIND = """
SELECT entry.at, entry.id
FROM conversations_terms AS found CROSS JOIN conversations_indexentry AS entry ON entry.id = found.rowid
WHERE conversations_terms MATCH %s AND entry.at >= %s AND entry.at < %s
"""
FIND_ANY = f"{FIND} LIMIT %s"
FIND_NEWEST = f"{FIND} ORDER BY entry.at DESC, entry.id DESC LIMIT %s"


def create(schema_editor: Any) -> None:
    for statement in CREATE:
        schema_editor.execute(statement, None)


def drop(schema_editor: Any) -> None:
    for statement in DROP:
        schema_editor.execute(statement, None)


def write(entries: Sequence[tuple[IndexEntry, Sequence[str], Sequence[str]]]) -> None:
    saved = IndexEntry.objects.bulk_create([entry for entry, _, _ in entries])
    rows = [(row.pk, " ".join([*terms, *labels])) for row, (_, terms, labels) in zip(saved, entries, strict=True)]
    with connection.cursor() as cursor:
        cursor.executemany(WRITE, rows)


def find(wanted: Wanted, most: int, *, newest: bool) -> list[Found]:
    with connection.cursor() as cursor:
        cursor.execute(FIND_NEWEST if newest else FIND_ANY, [expression(wanted), wanted.since, wanted.until, most])
        return [Found(*row) for row in cursor.fetchall()]


def expression(wanted: Wanted) -> str:
    phrases = [_phrase(wanted.before, phrase) for phrase in wanted.phrases]
    return " AND ".join([*phrases, *map(_any_of, wanted.labels)])


def _any_of(labels: Sequence[str]) -> str:
    return "(" + " OR ".join(f'"{label}"' for label in labels) + ")"


def _phrase(before: str, phrase: Phrase) -> str:
    terms = " ".join(before + term for term in phrase.terms)
    return f'"{terms}" *' if phrase.is_open else f'"{terms}"'

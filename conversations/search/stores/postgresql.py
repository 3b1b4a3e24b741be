"""PostgreSQL: a tsvector in the entry's own row, with a GIN index.

The vector is written as it is, without a parser or a dictionary: terms are made in Python.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from conversations.models import IndexEntry
from conversations.search.query import Phrase
from conversations.search.stores import Found, Wanted

ONE_WRITER = False
PLACES = 16_000  # a vector knows 16,383; after these it begins anew, and those below are kept twice,
TWICE = 300  # so that no phrase is torn apart
OF_ONE_TERM = 255  # places that a vector keeps of it
MOST_BYTES = 900_000  # of a vector, which may have 1,048,575: what is said after these is not found
BESIDE_A_TERM = 6  # bytes: how many places it has, the first of them, and what keeps it even

CREATE = (
    "ALTER TABLE conversations_indexentry ADD COLUMN terms tsvector NOT NULL",
    # Without a list of pending rows, which each search would read.
    "CREATE INDEX conversations_terms ON conversations_indexentry USING gin (terms) WITH (fastupdate = off)",
    """
    ALTER TABLE conversations_indexentry
    ADD CONSTRAINT conversations_terms_go_with_message
        FOREIGN KEY (message_id) REFERENCES conversations_message ON DELETE CASCADE,
    ADD CONSTRAINT conversations_terms_go_with_conversation
        FOREIGN KEY (conversation_id) REFERENCES conversations_conversation ON DELETE CASCADE
    """,
)
DROP = (
    """
    ALTER TABLE conversations_indexentry
    DROP CONSTRAINT conversations_terms_go_with_message, DROP CONSTRAINT conversations_terms_go_with_conversation,
    DROP COLUMN terms
    """,
)
WRITE = (
    "INSERT INTO conversations_indexentry (conversation_id, message_id, at, terms) VALUES (%s, %s, %s, %s::tsvector)"
)
# What the planner takes for a frequent word is read from the whole table, though a limit would end it soon: not when
# this person's rows are its last. And compiling takes longer than searching.
FROM_THE_INDEX = "SET LOCAL enable_seqscan = off; SET LOCAL jit = off"
FIND = """
SELECT at, id FROM conversations_indexentry
WHERE terms @@ %s::tsquery AND at >= %s AND at < %s
"""
FIND_ANY = f"{FIND} LIMIT %s"
FIND_NEWEST = f"{FIND} ORDER BY at DESC, id DESC LIMIT %s"


def create(schema_editor: Any) -> None:
    for statement in CREATE:
        schema_editor.execute(statement, None)


def drop(schema_editor: Any) -> None:
    for statement in DROP:
        schema_editor.execute(statement, None)


def write(entries: Sequence[tuple[IndexEntry, Sequence[str], Sequence[str]]]) -> None:
    rows = [
        (entry.conversation_id, entry.message_id, entry.at, vector(terms, labels)) for entry, terms, labels in entries
    ]
    with connection.cursor() as cursor:
        cursor.executemany(WRITE, rows)


def find(wanted: Wanted, most: int, *, newest: bool) -> list[Found]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FROM_THE_INDEX)
        cursor.execute(FIND_NEWEST if newest else FIND_ANY, [expression(wanted), wanted.since, wanted.until, most])
        return [Found(*row) for row in cursor.fetchall()]


def vector(terms: Sequence[str], labels: Sequence[str]) -> str:
    places: dict[str, list[str]] = defaultdict(list)
    left = MOST_BYTES
    for at, term in enumerate(terms):
        if term not in places and (left := left - len(term.encode()) - BESIDE_A_TERM) < 0:
            break
        kept = places[term]
        if len(kept) < OF_ONE_TERM:
            kept.append(str(1 + at % PLACES))
            if at >= PLACES and at % PLACES < TWICE:
                kept.append(str(1 + PLACES + at % PLACES))
    return " ".join([*(f"'{term}':{','.join(kept)}" for term, kept in places.items()), *(f"'{one}'" for one in labels)])


def expression(wanted: Wanted) -> str:
    phrases = [_phrase(wanted.before, phrase) for phrase in wanted.phrases]
    return " & ".join([*phrases, *map(_any_of, wanted.labels)])


def _any_of(labels: Sequence[str]) -> str:
    return "(" + " | ".join(f"'{label}'" for label in labels) + ")"


def _phrase(before: str, phrase: Phrase) -> str:
    terms = " <-> ".join(f"'{before}{term}'" for term in phrase.terms)
    return f"({terms}:*)" if phrase.is_open else f"({terms})"

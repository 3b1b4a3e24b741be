"""PostgreSQL: every table by COPY, all in one snapshot. It needs no program of the server's, and no other right."""

from collections.abc import Iterator
from typing import Any, cast

import psycopg
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from chatsite.backup import BackupError
from chatsite.backup.archive import Reader, Writer
from chatsite.backup.databases import LEFT_OUT
from chatsite.backup.manifest import Manifest, Migrations

FOLDER = "tables/"
TABLES = """
    SELECT one.relname, array_agg(a.attname ORDER BY a.attnum)
    FROM pg_class AS one JOIN pg_namespace AS here ON here.oid = one.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = one.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    WHERE here.nspname = current_schema() AND one.relkind = 'r' GROUP BY one.relname ORDER BY one.relname
"""
KEYS = """
    SELECT a.attname FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
    WHERE i.indrelid = %s::regclass AND i.indisprimary
"""
# Django's are checked when the transaction ends. Others at once: what they refer to must be there.
STRICT = """
    SELECT DISTINCT conrelid::regclass::text FROM pg_constraint
    WHERE contype = 'f' AND NOT condeferrable AND connamespace = current_schema()::regnamespace
"""
OTHERS = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def dump(writer: Writer, made_at: str) -> Manifest:
    rows: dict[str, int] = {}
    with _own_connection() as own, own.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        migrations: Migrations = cursor.execute("SELECT app, name FROM django_migrations ORDER BY id").fetchall()
        columns = _tables(cursor)
        for table in columns:
            rows[table] = _copy_out(cursor, table, columns[table], writer)
    return Manifest("postgresql", made_at, migrations, rows, columns)


def check_alone() -> None:
    cast("Any", connection).close_pool()
    with _own_connection() as own:
        others = _one(own, OTHERS)
    if others:
        raise BackupError(f"{others} other connections use the database. Stop the site first.")


def is_empty() -> bool:
    with _own_connection() as own, own.cursor() as cursor:
        return not _tables(cursor)


def load(reader: Reader) -> None:
    """The tables are made as they were when the backup was made, filled, and then brought up to date by ``migrate``."""
    manifest = reader.manifest
    state = _newest(manifest.migrations)
    with _own_connection() as own, own.cursor() as cursor:
        for table in _tables(cursor):
            cursor.execute(sql.SQL("DROP TABLE {} CASCADE").format(sql.Identifier(table)))
    MigrationExecutor(connection).migrate(state)  # not the command: what that adds afterwards is in the backup
    with _own_connection() as own, own.cursor() as cursor:
        here = _tables(cursor)
        if unknown := manifest.columns.keys() - here.keys():
            raise BackupError(f"The backup has tables that this site does not know: {', '.join(sorted(unknown))}.")
        everything = sql.SQL(", ").join(map(sql.Identifier, here))
        cursor.execute(sql.SQL("TRUNCATE {}").format(everything))
        strict = {name for (name,) in cursor.execute(STRICT).fetchall()}
        for table in sorted(manifest.columns, key=lambda name: (name in strict, name)):
            _copy_in(cursor, table, manifest.columns[table], reader)
            _go_on_counting(cursor, table, manifest.columns[table])


def _own_connection() -> "psycopg.Connection[Any]":
    """Not Django's, whose transactions and pool are others' business. It commits when its block ends."""
    known = {key: value for key, value in connection.get_connection_params().items() if key != "pool"}
    return psycopg.connect(**{**known, "cursor_factory": psycopg.Cursor})


def _one(own: "psycopg.Connection[Any]", question: str) -> Any:
    row = own.execute(question).fetchone()
    return row[0] if row else None


def _tables(cursor: "psycopg.Cursor[Any]") -> dict[str, list[str]]:
    return {table: list(columns) for table, columns in cursor.execute(TABLES).fetchall()}


def _copy_out(cursor: "psycopg.Cursor[Any]", table: str, columns: list[str], writer: Writer) -> int:
    """By the key: entries of the audit log are only added in their order."""
    keys = [name for (name,) in cursor.execute(KEYS, [f'"{table}"']).fetchall()]
    chosen = sql.SQL("SELECT {} FROM {}").format(_named(columns), sql.Identifier(table))
    if table in LEFT_OUT:
        chosen += sql.SQL(" WHERE false")
    if keys:
        chosen += sql.SQL(" ORDER BY {}").format(_named(keys))
    with cursor.copy(sql.SQL("COPY ({}) TO STDOUT").format(chosen)) as copied:
        writer.add(FOLDER + table, copied)
    return cursor.rowcount


def _copy_in(cursor: "psycopg.Cursor[Any]", table: str, columns: list[str], reader: Reader) -> None:
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), _named(columns))
    with cursor.copy(into) as copy:
        for part in reader.parts(FOLDER + table):
            copy.write(part)


def _go_on_counting(cursor: "psycopg.Cursor[Any]", table: str, columns: list[str]) -> None:
    for column in columns:
        name = cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table}"', column]).fetchone()
        if name and name[0]:
            most = sql.SQL("SELECT setval(%s, COALESCE(MAX({}), 0) + 1, false) FROM {}")
            cursor.execute(most.format(sql.Identifier(column), sql.Identifier(table)), [name[0]])


def _named(columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _newest(applied: Migrations) -> Migrations:
    """Of each app the last. Raises BackupError for migrations that this site does not have."""
    graph = MigrationLoader(connection, replace_migrations=False).graph
    if unknown := set(applied) - graph.nodes.keys():
        names = ", ".join(f"{app}.{name}" for app, name in sorted(unknown))
        raise BackupError(f"The backup is of a newer site than this one, which does not know {names}.")
    return list(_leaves(applied, graph))


def _leaves(applied: Migrations, graph: Any) -> Iterator[tuple[str, str]]:
    known = set(applied)
    for app, name in applied:
        after = {child.key for child in graph.node_map[app, name].children}
        if not any(other in known and other[0] == app for other in after):
            yield app, name

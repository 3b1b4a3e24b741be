"""What keeps entries as they are in the database itself, against raw SQL too.

Put up after every ``migrate``, not by a migration: SQLite drops a table's triggers when a migration makes it anew.
"""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from audit.models import Entry

NAMES = ("audit_entry_kept", "audit_entry_stays", "audit_entry_last")
REFUSAL = "audit entries are only added, at the end"
OUT_OF_LINE = """
    NEW.id <> 1 + COALESCE((SELECT MAX(id) FROM audit_entry), 0)
    OR NEW.previous <> COALESCE((SELECT hash FROM audit_entry ORDER BY id DESC LIMIT 1), NEW.previous)
    OR EXISTS (SELECT 1 FROM audit_entry WHERE hash = NEW.hash)
"""

# The third trigger is also against INSERT OR REPLACE, which deletes rows of the same number or hash without firing
# triggers of DELETE.
ABORT = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
SQLITE = (
    f"CREATE TRIGGER IF NOT EXISTS audit_entry_kept BEFORE UPDATE ON audit_entry {ABORT}",
    f"CREATE TRIGGER IF NOT EXISTS audit_entry_stays BEFORE DELETE ON audit_entry {ABORT}",
    f"CREATE TRIGGER IF NOT EXISTS audit_entry_last BEFORE INSERT ON audit_entry WHEN {OUT_OF_LINE} {ABORT}",
)

RAISE = f"RAISE integrity_constraint_violation USING MESSAGE = '{REFUSAL}'"
RETURNS = "() RETURNS trigger LANGUAGE plpgsql AS"
CHECKING = f"BEGIN IF {OUT_OF_LINE} THEN {RAISE}; END IF; RETURN NEW; END"
REFUSE = "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()"
CHECK = "FOR EACH ROW EXECUTE FUNCTION audit_entry_check()"
POSTGRESQL = (
    f"CREATE OR REPLACE FUNCTION audit_entry_refuse{RETURNS} $$BEGIN {RAISE}; END$$",
    f"CREATE OR REPLACE FUNCTION audit_entry_check{RETURNS} $${CHECKING}$$",
    f"CREATE OR REPLACE TRIGGER audit_entry_kept BEFORE UPDATE OR DELETE ON audit_entry {REFUSE}",
    f"CREATE OR REPLACE TRIGGER audit_entry_stays BEFORE TRUNCATE ON audit_entry {REFUSE}",
    f"CREATE OR REPLACE TRIGGER audit_entry_last BEFORE INSERT ON audit_entry {CHECK}",
)
STORED = tuple(statement.replace("IF NOT EXISTS ", "") for statement in SQLITE)  # as SQLite keeps them
STATEMENTS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
CATALOGS = {  # one that fires for replicas only, or was made anew under the same name, keeps nothing
    "sqlite": ("SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND sql IN (%s, %s, %s)", STORED),
    "postgresql": ("SELECT COUNT(*) FROM pg_trigger WHERE tgenabled IN ('O', 'A') AND tgname IN (%s, %s, %s)", NAMES),
}


def put_up(sender: AppConfig, using: str, **more: Any) -> None:
    """Make the triggers where the table is. Safe to repeat."""
    connection = connections[using]
    if Entry._meta.db_table not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for statement in STATEMENTS[connection.vendor]:
            cursor.execute(statement)


def is_up(connection: BaseDatabaseWrapper) -> bool:
    """Whether the database refuses changes now."""
    with connection.cursor() as cursor:
        cursor.execute(*CATALOGS[connection.vendor])
        return bool(cursor.fetchone()[0] == len(NAMES))

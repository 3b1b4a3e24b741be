"""Migrations run while the release before still serves, so they take nothing away that it uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models import NOT_PROVIDED

OURS = {app.label for app in apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR}
NEW = models.CharField(max_length=8, default="")
TAKES_AWAY = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.RenameModel,
    migrations.DeleteModel,
    migrations.AlterModelTable,
)
BEFORE_THE_FIRST_RELEASE = {
    "accounts.0002_appearance",
    "accounts.0004_sessions",
    "conversations.0002_chat_page",
    "conversations.0004_search",
    "conversations.0006_model",
    "conversations.0008_provenance",
}


def complaints(operation: Operation, made: set[str]) -> Iterator[str]:
    """What the old release could not live with. ``made`` are models that this migration itself makes."""
    model = getattr(operation, "model_name", getattr(operation, "name", "")).lower()
    if model in made:
        return
    what = f"{type(operation).__name__} {operation.describe()}"
    if isinstance(operation, TAKES_AWAY):
        yield f"{what}: the release before still uses it; take it away one release later"
    if isinstance(operation, migrations.AddField) and not _can_be_left_out(operation.field):
        yield f"{what}: the release before inserts rows without it; give it db_default or null=True"
    if isinstance(operation, migrations.RunPython) and operation.reverse_code is None:
        yield f"{what}: nobody can go back; give it reverse_code, RunPython.noop where nothing is to be done"
    if isinstance(operation, migrations.RunSQL) and operation.reverse_sql is None:
        yield f"{what}: nobody can go back; give it reverse_sql"


def _can_be_left_out(field: "models.Field[object, object]") -> bool:
    return isinstance(field, models.ManyToManyField) or field.null or field.db_default is not NOT_PROVIDED


def wrong(migration: migrations.Migration) -> list[str]:
    made = {one.name.lower() for one in migration.operations if isinstance(one, migrations.CreateModel)}
    return [complaint for one in migration.operations for complaint in complaints(one, made)]


def ours() -> dict[str, migrations.Migration]:
    loader = MigrationLoader(None)
    return {f"{app}.{name}": one for (app, name), one in loader.disk_migrations.items() if app in OURS}


def test_the_release_before_can_serve_on_the_new_tables() -> None:
    found = {name: wrong(one) for name, one in ours().items() if name not in BEFORE_THE_FIRST_RELEASE}
    assert {"conversations", "retention"} <= {name.partition(".")[0] for name in found}
    assert {name: said for name, said in found.items() if said} == {}


def one(*operations: Operation) -> list[str]:
    made = type("Migration", (migrations.Migration,), {"operations": list(operations)})
    return wrong(made("0009_something", "conversations"))


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (migrations.RemoveField("message", "text"), "one release later"),
        (migrations.RenameField("message", "text", "words"), "one release later"),
        (migrations.DeleteModel("Message"), "one release later"),
        (migrations.RenameModel("Message", "Turn"), "one release later"),
        (migrations.AddField("message", "mood", NEW), "db_default"),
        (migrations.RunPython(lambda apps, editor: None), "nobody can go back"),
        (migrations.RunSQL("SELECT 1"), "nobody can go back"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Operation) else "",
)
def test_what_the_release_before_misses_is_refused(operation: Operation, reason: str) -> None:
    (said,) = one(operation)
    assert reason in said


@pytest.mark.parametrize(
    "field",
    [
        models.CharField(max_length=8, null=True),
        models.CharField(max_length=8, db_default=""),
        models.ManyToManyField("conversations.Tag"),
    ],
    ids=lambda field: type(field).__name__,
)
def test_columns_that_the_database_fills_by_itself_may_come(field: "models.Field[object, object]") -> None:
    assert one(migrations.AddField("message", "mood", field)) == []


def test_a_new_table_is_nobodys_yet() -> None:
    made = migrations.CreateModel("Mood", [("id", models.BigAutoField(primary_key=True))])
    assert one(made, migrations.AddField("mood", "name", NEW)) == []

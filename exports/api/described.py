"""The addresses for exports and imports in OpenAPI's words, as a part of ``/v1/openapi.json``."""

from typing import Any

from conversations.api.described import content, operation
from conversations.api.schemas import LONGEST_KEY
from exports.api.brought import FILE, FORM, NAMES
from exports.api.fields import FIELDS
from exports.forms import NAMES as FORMS
from exports.imports import SOURCES
from exports.models import ExportJob, Import

Schema = dict[str, Any]

COUNT: Schema = {"type": "integer", "minimum": 0}
SOME: Schema = {"anyOf": [COUNT, {"type": "null"}]}
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
MAYBE: Schema = {"anyOf": [TEXT, {"type": "null"}]}
OF_A_BODY = (400, 408, 409, 413, 415)
IDEMPOTENCY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same file sent again under it is the import that it was.",
    "schema": {"type": "string", "maxLength": LONGEST_KEY},
}


def part() -> tuple[dict[str, Any], dict[str, Schema]]:
    """Paths, and schemas by their names."""
    return _exports() | _imports(), _export_schemas() | _import_schemas()


def _exports() -> dict[str, Any]:
    with_id = {"parameters": [_identifier("export")]}
    whole = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}
    create = operation("createExport", "Ask for one; it is made in the background.", content("Export"), *OF_A_BODY)
    return {
        "/exports": {
            "get": operation("listExports", "Your newest exports.", content("ExportList")),
            "post": {**create, "requestBody": {"required": True, "content": content("ExportRequest")}},
        },
        "/exports/{export}": {
            "get": {**operation("getExport", "How it stands.", content("Export")), **with_id},
            "delete": {**operation("deleteExport", "Gone, with its file.", content("Deleted")), **with_id},
        },
        "/exports/{export}/cancel": {
            "post": {**operation("cancelExport", "It ends soon.", content("Export")), **with_id}
        },
        "/exports/{export}/file": {
            "get": {**operation("downloadExport", "What was made, as a zip.", whole, 409), **with_id}
        },
    }


def _imports() -> dict[str, Any]:
    with_id = {"parameters": [_identifier("import")]}
    create = operation("createImport", "Bring a file; it is read in the background.", content("Import"), *OF_A_BODY)
    body = {FORM: {"schema": {"$ref": "#/components/schemas/ImportRequest"}}}
    begin = operation("beginImport", "Import what a dry run found.", content("Import"), 409)
    cancel = operation("cancelImport", "No more of it is read; what was imported stays.", content("Import"))
    return {
        "/imports": {
            "get": operation("listImports", "Your newest imports.", content("ImportList")),
            "post": {**create, "parameters": [IDEMPOTENCY], "requestBody": {"required": True, "content": body}},
        },
        "/imports/{import}": {
            "get": {**operation("getImport", "How it stands, and what was found.", content("Import")), **with_id}
        },
        "/imports/{import}/begin": {"post": {**begin, **with_id}},
        "/imports/{import}/cancel": {"post": {**cancel, **with_id}},
    }


def _identifier(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}


def _export_schemas() -> dict[str, Schema]:
    given = {name: {"anyOf": [schema, {"type": "null"}]} for name, schema in FIELDS.items()}
    return {
        "ExportRequest": {
            "type": "object",
            "properties": given,
            "additionalProperties": False,
            "example": {"form": "jsonl"},
        },
        "Export": _object(
            id=TEXT,
            object={"const": "export"},
            form={"enum": list(FORMS)},
            status={"enum": list(ExportJob.State.values)},
            error=MAYBE,
            done=COUNT,
            total=SOME,
            conversations=COUNT,
            messages=COUNT,
            bytes=COUNT,
            root=MAYBE,
            update_of=MAYBE,
            is_update=FLAG,
            created_at=COUNT,
            finished_at=SOME,
            expires_at=SOME,
        ),
        "ExportList": _list("Export"),
        "Deleted": _object(id=TEXT, object={"const": "export"}, deleted={"const": True}),
    }


def _import_schemas() -> dict[str, Schema]:
    file = {"type": "string", "format": "binary", "description": "As the other program exported it."}
    dry = {**FLAG, "default": True, "description": "Only say what would be imported; until `begin` says yes."}
    return {
        "ImportRequest": {
            "type": "object",
            "required": [FILE],
            "properties": {FILE: file, "source": {"enum": list(NAMES)}, "dry_run": dry},
            "additionalProperties": False,
        },
        "Import": _object(
            id=TEXT,
            object={"const": "import"},
            file=TEXT,
            bytes=COUNT,
            source={"enum": list(NAMES)},
            dry_run=FLAG,
            status={"enum": list(Import.State.values)},
            report={"anyOf": [{"$ref": "#/components/schemas/ImportReport"}, {"type": "null"}]},
            created_at=COUNT,
            finished_at=SOME,
        ),
        "ImportReport": _object(
            new=COUNT,
            grown=COUNT,
            unchanged=COUNT,
            skipped=COUNT,
            messages=COUNT,
            sources={"type": "object", "propertyNames": {"enum": list(SOURCES)}, "additionalProperties": COUNT},
            left_out={"type": "array", "items": TEXT},
            error=MAYBE,
            first_skipped={"type": "array", "items": {"$ref": "#/components/schemas/ImportSkipped"}},
        ),
        "ImportSkipped": _object(entry=TEXT, number=COUNT, offset=COUNT, title=TEXT, code=TEXT, message=TEXT),
        "ImportList": _list("Import"),
    }


def _list(schema: str) -> Schema:
    return _object(
        object={"const": "list"}, data={"type": "array", "items": {"$ref": f"#/components/schemas/{schema}"}}
    )


def _object(**properties: Schema) -> Schema:
    """All of these, and nothing else."""
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }

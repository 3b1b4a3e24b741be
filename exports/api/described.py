"""The addresses for exports in OpenAPI's words, as a part of ``/v1/openapi.json``."""

from typing import Any

from conversations.api.described import content, operation
from exports.api.fields import FIELDS
from exports.forms import NAMES
from exports.models import ExportJob

Schema = dict[str, Any]

COUNT: Schema = {"type": "integer", "minimum": 0}
SOME: Schema = {"anyOf": [COUNT, {"type": "null"}]}
TEXT: Schema = {"type": "string"}
MAYBE: Schema = {"anyOf": [TEXT, {"type": "null"}]}
OF_A_BODY = (400, 409, 413, 415)


def part() -> tuple[dict[str, Any], dict[str, Schema]]:
    """Paths, and schemas by their names."""
    one = {"name": "export", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    with_id = {"parameters": [one]}
    whole = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}
    body = {"required": True, "content": content("ExportRequest")}
    paths = {
        "/exports": {
            "get": operation("listExports", "Your newest exports.", content("ExportList")),
            "post": {
                **operation(
                    "createExport", "Ask for one; it is made in the background.", content("Export"), *OF_A_BODY
                ),
                "requestBody": body,
            },
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
    return paths, _schemas()


def _schemas() -> dict[str, Schema]:
    given = {name: {"anyOf": [schema, {"type": "null"}]} for name, schema in FIELDS.items()}
    deleted = _object(id=TEXT, object={"const": "export"}, deleted={"const": True})
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
            form={"enum": list(NAMES)},
            status={"enum": list(ExportJob.State.values)},
            error=MAYBE,
            done=COUNT,
            total=SOME,
            conversations=COUNT,
            messages=COUNT,
            bytes=COUNT,
            root=MAYBE,
            update_of=MAYBE,
            is_update={"type": "boolean"},
            created_at=COUNT,
            finished_at=SOME,
            expires_at=SOME,
        ),
        "ExportList": _object(
            object={"const": "list"}, data={"type": "array", "items": {"$ref": "#/components/schemas/Export"}}
        ),
        "Deleted": deleted,
    }


def _object(**properties: Schema) -> Schema:
    """All of these, and nothing else."""
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }

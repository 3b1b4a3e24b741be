"""The JSON of a conversation, ``chatsite/conversation``: one way to write each, so the same rows give the same bytes.

``conversation.schema.json`` beside this is its schema, docs/exports.md says what the fields mean.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from exports.records import Item, Record

FORMAT, VERSION = "chatsite/conversation", 1


def line(record: Record) -> str:
    """On one line, which ends with it."""
    return json.dumps(tree(record), sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"


def page(record: Record) -> str:
    """A field a line."""
    return json.dumps(tree(record), sort_keys=True, ensure_ascii=False, indent=1) + "\n"


def tree(record: Record) -> dict[str, Any]:
    """What JSON knows, in place of ids, times and tuples."""
    return {**_plain(record), "format": FORMAT, "version": VERSION}


def written(at: datetime) -> str:
    """RFC 3339, UTC, microseconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def _plain(value: Any) -> Any:
    if isinstance(value, Item):
        return {**_named(value), "sha256": value.sha256}
    if hasattr(value, "__dataclass_fields__"):
        return _named(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, UUID):
        return str(value)
    return written(value) if isinstance(value, datetime) else value


def _named(value: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}

"""What a request for an export may say: the fields of the page's form, but for what concerns other people."""

from typing import Any
from uuid import UUID

from conversations.api.errors import wrong
from conversations.api.fields import Body, missing
from exports.forms import NAMES
from exports.forms.options import CUTS, LONGEST_CHUNK, SHORTEST_CHUNK

TEXT: dict[str, Any] = {"type": "string"}
DAY: dict[str, Any] = {"type": "string", "format": "date"}
FLAG: dict[str, Any] = {"type": "boolean"}
CHUNK: dict[str, Any] = {"type": "integer", "minimum": SHORTEST_CHUNK, "maximum": LONGEST_CHUNK}
FIELDS: dict[str, dict[str, Any]] = {
    "form": {"enum": list(NAMES)},
    "folder": {**TEXT, "description": "The name of one of your folders."},
    "tag": {**TEXT, "description": "The name of one of your tags."},
    "since": {**DAY, "description": "Changed since this day, in UTC."},
    "until": {**DAY, "description": "Begun until this day."},
    "query": {**TEXT, "description": "With these words in the title or in one message."},
    "model": {**TEXT, "description": "With replies of this model."},
    "rating": {"enum": [1, -1], "description": "With replies that were rated good or bad."},
    "reviewed": {**FLAG, "description": "Only with replies that are approved as knowledge."},
    "whole": {**FLAG, "description": "All branches, not only the one shown."},
    "reasoning": {**FLAG, "description": "With the model's reasoning."},
    "cut": {"enum": list(CUTS), "description": "Of chunks."},
    "size": {**CHUNK, "description": "Of chunks: tokens at most."},
    "overlap": {"type": "integer", "minimum": 0, "maximum": LONGEST_CHUNK // 2, "description": "Of windows: tokens."},
    "update_of": {**TEXT, "format": "uuid", "description": "Only what changed since this export; with no other field."},
}
_KINDS: dict[str, tuple[type, str]] = {
    "string": (str, "a text"),
    "boolean": (bool, "true or false"),
    "integer": (int, "a whole number"),
}


def said(body: Body) -> tuple[dict[str, Any], UUID | None]:
    """For the form, and the export that is to be followed. What is null counts as not given. Raises ApiError."""
    given = {name: value for name, value in body.items() if value is not None}
    for name, value in given.items():
        _check(name, value)
    if "update_of" in given:
        if len(given) > 1:
            raise wrong("update_of", "update_of stands alone: the rest is as it was in that export.")
        return {}, _identifier(given["update_of"])
    if "form" not in given:
        raise missing("form")
    return given, None


def _check(name: str, value: Any) -> None:
    known = FIELDS.get(name)
    if known is None:
        allowed = ", ".join(FIELDS)
        raise wrong(name[:40], f"{name[:40]} is not known here. Known are {allowed}.", "unknown_parameter")
    if "enum" in known:
        if isinstance(value, bool) or value not in known["enum"]:
            raise wrong(name, f"{name} must be one of {', '.join(map(str, known['enum']))}.")
        return
    kind, words = _KINDS[known["type"]]
    if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
        raise wrong(name, f"{name} must be {words}.")
    if isinstance(value, str) and "\x00" in value:
        raise wrong(name, f"{name} may not have a NUL in it.")


def _identifier(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise wrong("update_of", "update_of must be the id of an export.") from error

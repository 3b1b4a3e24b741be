"""JSON on a line, the same bytes for the same values."""

import json
from typing import Any
from uuid import UUID


def line(value: Any) -> bytes:
    """Canonical: keys in order, no spaces, as UTF-8, with a line's end."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return text.encode() + b"\n"


def _plain(value: Any) -> str:
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")

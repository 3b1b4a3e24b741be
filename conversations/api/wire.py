"""Answers as they go over the wire."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpResponse


def as_json(body: dict[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """A whole answer."""
    return HttpResponse(orjson.dumps(body), content_type="application/json", status=status, headers=headers)


def event(body: dict[str, Any]) -> bytes:
    """One of a stream of server-sent events."""
    return b"data: %s\n\n" % orjson.dumps(body)


DONE = b"data: [DONE]\n\n"
STILL_HERE = b": waiting\n\n"  # a comment, which clients pass over

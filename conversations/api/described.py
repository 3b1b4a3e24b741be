"""The API in OpenAPI's words, made from what checks the requests; ``tests.api.clients`` holds what is served to it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from conversations.api import schemas, wire
from conversations.api.errors import ApiError

Operation = dict[str, Any]
Part = Callable[[], tuple[dict[str, Any], dict[str, Any]]]

STATUSES = {
    400: "A field is not as it must be: `param` names it. Or it is too long, or a rule of this site forbids it.",
    401: "No API key, or one that is wrong or over.",
    403: "The key, or its person's policy, does not allow this.",
    404: "There is no such address or model.",
    405: "This address takes another method.",
    408: "The body comes too slowly.",
    409: "The `Idempotency-Key` was used with another body.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    429: "A limit is reached.",
    500: "Something went wrong here.",
    503: "No engine is there to answer, or the site cannot answer now.",
}
ANYWHERE = (401, 403, 404, 405, 429, 500, 503)
OF_A_BODY = (400, 408, 409, 413, 415)
HEADERS = {401: "WWW-Authenticate", 405: "Allow", 429: "Retry-After", 503: "Retry-After"}
LIMITS = [f"X-RateLimit-{what}-{of}" for of in ("Requests", "Tokens") for what in ("Limit", "Remaining", "Reset")]
STREAM = "Events: each is `data: ` and a %sChunk as JSON; the last is `data: [DONE]`, or an Error."


_parts: list[Part] = []


def add(part: Part) -> None:
    """Addresses of an app above this one: it answers with paths, and with schemas by their names."""
    _parts.append(part)


async def description(request: HttpRequest) -> HttpResponse:
    """It is no secret: without a key."""
    if request.method != "GET":
        message = f"This address takes GET, not {request.method}."
        return ApiError(405, message, code="method_not_allowed", headers={"Allow": "GET"}).response()
    return wire.as_json(openapi())


def openapi() -> dict[str, Any]:
    """The whole description."""
    paths, shapes = _paths(), schemas.all_schemas()
    for part in _parts:
        more_paths, more_shapes = part()
        paths, shapes = paths | more_paths, shapes | more_shapes
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Chatsite",
            "version": "1",
            "description": "A subset of OpenAI's API. What is not described here is refused by its name.",
        },
        "servers": [{"url": "/v1"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key: `cs-…`"}},
            "schemas": shapes,
        },
    }


def _paths() -> dict[str, Any]:
    model = {"name": "model", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    return {
        "/models": {"get": operation("listModels", "The models that the key may use.", content("ModelList"))},
        "/models/{model}": {"get": {**operation("getModel", "One of them.", content("Model")), "parameters": [model]}},
        "/chat/completions": {"post": _completing("ChatCompletion", "A reply to messages.")},
        "/completions": {"post": _completing("Completion", "A reply to a prompt, in the older shape.")},
        "/openapi.json": {
            "get": {
                "operationId": "getDescription",
                "summary": "This description.",
                "security": [],
                "responses": {
                    "200": {"description": "It.", "content": {"application/json": {"schema": {"type": "object"}}}},
                    "405": _error(405),
                },
            }
        },
    }


def _completing(shape: str, summary: str) -> Operation:
    events = {"description": STREAM % shape}  # no type: some read it as of the body, some as of each event
    answers = {**content(shape), "text/event-stream": {"schema": events}}
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same body sent again under it gets the first answer.",
        "schema": {"type": "string", "maxLength": schemas.LONGEST_KEY},
    }
    made = operation(f"create{shape}", summary, answers, *OF_A_BODY)
    made["responses"]["200"]["headers"] = {name: _header() for name in ("X-Request-Id", *LIMITS)}
    return {
        **made,
        "parameters": [key],
        "requestBody": {"required": True, "content": content(f"{shape}Request")},
    }


def operation(name: str, summary: str, answers: dict[str, Any], *more: int) -> Operation:
    found = {"200": {"description": summary, "content": answers}}
    return {
        "operationId": name,
        "summary": summary,
        "responses": found | {str(status): _error(status) for status in sorted((*ANYWHERE, *more))},
    }


def _error(status: int) -> dict[str, Any]:
    headers = {HEADERS[status]: _header()} if status in HEADERS else {}
    return {"description": STATUSES[status], "headers": headers, "content": content("Error")}


def content(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _header() -> dict[str, Any]:
    return {"schema": {"type": "string"}}

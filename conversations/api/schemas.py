"""Shapes of what is sent and answered, as JSON Schema, from the tables and bounds that check requests."""

from typing import Any

from conversations.api.answers import FINISHES, ChatCompletion, TextCompletion
from conversations.api.asked import CHAT, LONGEST_KEY, LONGEST_STOP, MOST_STOPS, SEEDS, TEXT, Form
from conversations.api.fields import IGNORED, NEUTRAL
from conversations.api.messages import MOST, ROLES, UNREAD
from conversations.models.parameters import Effort
from conversations.parameters import MOST_TOKENS
from inference import serving

__all__ = ["LONGEST_KEY", "all_schemas"]

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
PROMPT: Schema = {"anyOf": [STRING, {"type": "array", "minItems": 1, "maxItems": 1, "items": STRING}]}


def all_schemas() -> dict[str, Schema]:
    """By their names."""
    messages: Schema = {"type": "array", "minItems": 1, "maxItems": MOST, "items": _ref("Message")}
    hello = [{"role": "user", "content": "Hello"}]
    return {
        "ChatCompletionRequest": _request(CHAT, messages=messages, example=hello),
        "CompletionRequest": _request(TEXT, prompt=PROMPT, example="Hello"),
        "Message": _message(),
        "ChatCompletion": _whole(ChatCompletion, message=_said()),
        "ChatCompletionChunk": _chunk(ChatCompletion, delta=_delta()),
        "Completion": _whole(TextCompletion, text=STRING),
        "CompletionChunk": _chunk(TextCompletion, text=STRING),
        "Usage": _object(prompt_tokens=COUNT, completion_tokens=COUNT, total_tokens=COUNT),
        "Model": _object(id=STRING, object={"const": "model"}, created=COUNT, owned_by=STRING),
        "ModelList": _object(object={"const": "list"}, data={"type": "array", "items": _ref("Model")}),
        "Error": _object(error=_object(message=STRING, type=STRING, param=_or_null(STRING), code=_or_null(STRING))),
    }


def _request(form: Form, example: Any, **said: Schema) -> Schema:
    """What one address knows. ``example`` is of the field that says what is asked."""
    known = {name: schema for name, schema in {**_fields(), **said}.items() if name in form.known}
    neutral = {name: {"enum": [*values, None], "description": "Not done here."} for name, values in NEUTRAL.items()}
    ignored: dict[str, Schema] = {name: {"description": "Read and not kept."} for name in sorted(IGNORED)}
    (asked,) = said
    return {
        "type": "object",
        "required": ["model", asked],
        "properties": {**known, **neutral, **ignored},
        "additionalProperties": False,
        "example": {"model": serving.model().name, asked: example},
    }


def _fields() -> dict[str, Schema]:
    tokens = _or_null({"type": "integer", "minimum": 1, "maximum": MOST_TOKENS})
    stop: Schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_STOP}
    usage = {"type": "object", "properties": {"include_usage": _or_null({"type": "boolean"})}}
    return {
        "model": {"enum": list(serving.names())},
        "temperature": _or_null({"type": "number", "minimum": 0, "maximum": 2}),
        "top_p": _or_null({"type": "number", "minimum": 0.01, "maximum": 1}),
        "max_completion_tokens": tokens,
        "max_tokens": {**tokens, "description": "The old name of max_completion_tokens: not both, unless they agree."},
        "stop": _or_null(stop, {"type": "array", "maxItems": MOST_STOPS, "items": stop}),
        "seed": _or_null({"type": "integer", "minimum": -SEEDS, "maximum": SEEDS - 1}),
        "reasoning_effort": {"enum": [*Effort.values, None]},
        "stream": _or_null({"type": "boolean"}),
        "stream_options": _or_null(usage),
    }


def _message() -> Schema:
    part = {"type": "object", "required": ["type", "text"], "properties": {"type": {"const": "text"}, "text": STRING}}
    said: Schema = {"anyOf": [STRING, {"type": "array", "items": part}]}
    unread: dict[str, Schema] = {name: _or_null({"type": "array", "maxItems": 0}) for name in UNREAD}
    asked = {"role": {"enum": [role for role in ROLES if role != "assistant"]}, "content": said, **unread}
    answered = {"role": {"const": "assistant"}, "content": _or_null(*said["anyOf"]), **unread}
    return {
        "anyOf": [
            {"type": "object", "required": ["role", "content"], "properties": asked},
            {"type": "object", "required": ["role"], "properties": answered},
        ]
    }


def _said() -> Schema:
    message = _object(role={"const": "assistant"}, content=STRING, refusal={"type": "null"})
    message["properties"]["reasoning_content"] = STRING
    return message


def _delta() -> Schema:
    delta = _object(role={"const": "assistant"}, content=STRING, reasoning_content=STRING)
    return {**delta, "required": []}


def _whole(shape: type[ChatCompletion], **said: Schema) -> Schema:
    return _answer(shape.WHOLE, {"finish_reason": _finish(), **said}, usage=_ref("Usage"))


def _chunk(shape: type[ChatCompletion], **said: Schema) -> Schema:
    """Only the last but that of the usage has a reason; ``usage`` is there where it was asked for."""
    schema = _answer(shape.PIECE, {"finish_reason": {"enum": [*_finish()["enum"], None]}, **said})
    schema["properties"]["usage"] = _or_null(_ref("Usage"))
    return schema


def _answer(kind: str, choice: dict[str, Schema], **more: Schema) -> Schema:
    one = _object(index={"const": 0}, logprobs={"type": "null"}, **choice)
    choices = {"type": "array", "maxItems": 1, "items": one}
    return _object(id=STRING, object={"const": kind}, created=COUNT, model=STRING, choices=choices, **more)


def _finish() -> Schema:
    return {"enum": sorted(set(FINISHES.values()))}


def _object(**properties: Schema) -> Schema:
    """All of these, and nothing else."""
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def _or_null(*schemas: Schema) -> Schema:
    return {"anyOf": [*schemas, {"type": "null"}]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}

"""Whether the description is one, and whether a stream's events are as it says: what schemathesis cannot see."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.api.clients.told import HELLO, MODEL, Told, tell


def validator(described: dict[str, Any], name: str) -> Draft202012Validator:
    """Of one of its schemas."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
    return Draft202012Validator(schema)


def description(told: Told) -> Any:
    with urlopen(f"{told.url}/openapi.json") as answer:  # noqa: S310 - an address of this machine
        return json.load(answer)


def events(told: Told, address: str, **said: Any) -> Iterator[str]:
    body = {"model": MODEL, "stream": True, "stream_options": {"include_usage": True}, **said}
    headers = {"Authorization": f"Bearer {told.key}", "Content-Type": "application/json"}
    request = Request(f"{told.url}/{address}", json.dumps(body).encode(), headers)  # noqa: S310 - as above
    with urlopen(request) as answer:  # noqa: S310 - as above
        yield from (line[6:] for line in answer.read().decode().splitlines() if line.startswith("data: "))


def faults(told: Told) -> list[str]:
    """Of the description itself."""
    return [error.message for error in OpenAPIV31SpecValidator(description(told)).iter_errors()]


def streams(told: Told) -> Any:
    """Of each shape: how many events there were, the last, and what is wrong with any."""
    messages = [{"role": "user", "content": HELLO}]
    return [
        _stream(told, "ChatCompletionChunk", events(told, "chat/completions", messages=messages)),
        _stream(told, "CompletionChunk", events(told, "completions", prompt=HELLO)),
    ]


def _stream(told: Told, name: str, events: Iterator[str]) -> Any:
    check, found = validator(description(told), name), list(events)
    wrong = [error.message for event in found[:-1] for error in check.iter_errors(json.loads(event))]
    return len(found), found[-1], wrong


def sees_what_is_wrong(told: Told) -> list[bool]:
    """The premise of the rest."""
    described = description(told)
    chunk = validator(described, "ChatCompletionChunk")
    del described["info"]
    return [OpenAPIV31SpecValidator(described).is_valid(), chunk.is_valid({"object": "chat.completion.chunk"})]


if __name__ == "__main__":
    tell({one.__name__: one for one in (faults, streams, sees_what_is_wrong)})

"""Hooks of schemathesis: of what it makes up, most that is a request at all is made one that is answered.

Else nearly all would be refused since the last message is not a person's, which a schema cannot say; and replies would
be long.
"""

from typing import Any

import schemathesis

from tests.api.clients.told import MODEL

LAST = {"role": "user", "content": "Hello @tokens=3"}


@schemathesis.hook  # type: ignore[untyped-decorator]  # its types are in the clients' environment
def map_body(context: Any, body: Any) -> Any:
    """Also of what is meant to be wrong: that stays wrong where it is."""
    if isinstance(body, dict) and isinstance(body.get("messages"), list) and 0 < len(body["messages"]) < 2000:
        body["messages"] = [*body["messages"], LAST]
    if isinstance(body, dict) and isinstance(body.get("prompt"), str):
        body["prompt"] = LAST["content"]
    return body


@schemathesis.hook  # type: ignore[untyped-decorator]  # its types are in the clients' environment
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    """Every other time it is a model that there is."""
    name = str((path_parameters or {}).get("model", ""))
    return {**path_parameters, "model": MODEL} if name and len(name) % 2 else path_parameters

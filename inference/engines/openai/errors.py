"""What a server's refusal means, by its status and, where that is not enough, its words."""

import re
from typing import Any

from inference.protocol import EngineError, Problem

TOO_LONG = re.compile(r"context[_ ](length|size|window)|too long|max(imum)?_(model|context)_len", re.IGNORECASE)
NEW_NAME = "max_completion_tokens"
RENAMED = re.compile(rf"use '?{NEW_NAME}", re.IGNORECASE)
USUAL_S, LONGEST_S = 1.0, 30.0  # how long a server that failed is left alone
PROMPT_TOKENS = re.compile(r"(\d+) (?:input tokens|in the messages|prompt tokens)")


class TooLongError(EngineError):
    """The prompt and max_tokens together exceed the window. ``prompt_tokens`` where the server says it, else None."""

    def __init__(self, prompt_tokens: int | None) -> None:
        super().__init__("The conversation does not fit this model.", problem=Problem.TOO_LONG)
        self.prompt_tokens = prompt_tokens


class RenamedError(EngineError):
    """The server takes how many tokens a reply may have by the newer name, ``NEW_NAME``, only."""


def from_status(status: int, body: Any, retry_after: str = "") -> EngineError:
    """The error for a response that is no success. The server's words may hold the prompt and are not repeated.

    ``retry_after`` is its header of that name, of which a number of seconds is heeded.
    """
    words = str(body)
    if status in {400, 413, 422}:
        if TOO_LONG.search(words):
            found = PROMPT_TOKENS.search(words)
            return TooLongError(int(found.group(1)) if found else None)
        kind = RenamedError if RENAMED.search(words) else EngineError
        return kind(f"The server refused the request (status {status}).", problem=Problem.BAD_REQUEST)
    if status in {401, 403}:
        return EngineError(f"The server refused our API key (status {status}).")
    if status == 404:
        return EngineError("The server knows no such model or address (status 404).")
    after_s = min(float(retry_after), LONGEST_S) if retry_after.isdecimal() else USUAL_S
    may_do_better = status in {408, 425, 429} or status >= 500
    return EngineError(f"The server failed (status {status}).", retry=may_do_better, after_s=after_s)

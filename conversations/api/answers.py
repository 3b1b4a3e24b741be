"""Completions in OpenAI's shapes, whole and in pieces."""

import time
from typing import Any, ClassVar
from uuid import UUID

from conversations.api import wire

Body = dict[str, Any]
Frame = dict[str, Any]

FINISHES = {"done": "stop", "stopped": "stop", "cut": "length", "blocked": "content_filter"}  # by the terminal event
FIELDS = {"text": "content", "reasoning": "reasoning_content"}  # by the frame


def usage_of(end: Frame) -> dict[str, int]:
    """What a reply cost, as its terminal event says it."""
    prompt, completion = end.get("prompt_tokens", 0), end.get("completion_tokens", 0)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


class ChatCompletion:
    """One completion of a chat. ``tells_usage``: its stream ends with what it cost."""

    MARK, WHOLE, PIECE = "chatcmpl", "chat.completion", "chat.completion.chunk"
    NOTHING: ClassVar[Body] = {"delta": {}}

    def __init__(self, reply: UUID, model: str, *, tells_usage: bool = False) -> None:
        self._head = {"id": f"{self.MARK}-{reply.hex}", "created": int(time.time()), "model": model}
        self._usage = {"usage": None} if tells_usage else {}

    def whole(self, said: dict[str, str], end: Frame) -> Body:
        """``said`` has the parts of the reply by their frames."""
        choice = {**self._said(said), "index": 0, "logprobs": None, "finish_reason": FINISHES[end["type"]]}
        return {**self._head, "object": self.WHOLE, "choices": [choice], "usage": usage_of(end)}

    def first(self) -> bytes:
        """What comes before all else in a stream."""
        return self._piece({"delta": {"role": "assistant", "content": ""}})

    def more(self, part: str, text: str) -> bytes:
        return self._piece({"delta": {FIELDS[part]: text}})

    def last(self, end: Frame) -> bytes:
        """And what comes after all else."""
        cost = self._chunk([], {"usage": usage_of(end)}) if self._usage else b""
        return self._piece(self.NOTHING, FINISHES[end["type"]]) + cost + wire.DONE

    def _said(self, said: dict[str, str]) -> Body:
        message: Body = {"role": "assistant", "content": said["text"], "refusal": None}
        if said["reasoning"]:
            message[FIELDS["reasoning"]] = said["reasoning"]
        return {"message": message}

    def _piece(self, said: Body, finish: str | None = None) -> bytes:
        return self._chunk([{"index": 0, **said, "logprobs": None, "finish_reason": finish}], self._usage)

    def _chunk(self, choices: list[Body], usage: Body) -> bytes:
        return wire.event({**self._head, "object": self.PIECE, "choices": choices, **usage})


class TextCompletion(ChatCompletion):
    """The older shape, which has no place for what a model thinks."""

    MARK, WHOLE, PIECE = "cmpl", "text_completion", "text_completion"
    NOTHING: ClassVar[Body] = {"text": ""}

    def first(self) -> bytes:
        return b""

    def more(self, part: str, text: str) -> bytes:
        return self._piece({"text": text}) if part == "text" else b""

    def _said(self, said: dict[str, str]) -> Body:
        return {"text": said["text"]}

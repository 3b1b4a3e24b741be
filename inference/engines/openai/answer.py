"""A server's events, as chunks. The finish comes with one event and the counts with a later one; a chunk has both."""

import re
from operator import index
from typing import Any

from inference.protocol import Chunk, EngineError, Finish, Request
from inference.tokenizers.bound import Bound

ESTIMATE = Bound()  # for servers that count nothing
FIRST_HALF = re.compile("[\ud800-\udbff]")
FINISHES = {"stop": Finish.STOP, "length": Finish.LENGTH}

ON_PURPOSE = {"content_filter", "tool_calls", "function_call"}  # asked again, the server would do the same


class Answer:
    """One reply. ``finished`` once its last chunk was taken."""

    def __init__(self, request: Request) -> None:
        prefix, turns = request.prefix, request.turns
        self._prefix = ESTIMATE.count(prefix.text) + ESTIMATE.count(prefix.reasoning)
        self._estimate = self._prefix + sum(ESTIMATE.count(turn.text) for turn in turns)
        self._finish: Finish | None = None
        self._deltas = 0
        self._halves = {"text": "", "reasoning": ""}  # of characters whose other half is still to come
        self.finished = False

    def take(self, event: dict[str, Any] | None) -> Chunk | None:
        """The chunk an event makes, if any; None is the end of the events. Raises EngineError."""
        try:
            return self._take(event)
        except (AttributeError, TypeError) as error:
            raise EngineError("The server sent an event that is not as OpenAI's API has it.", retry=True) from error

    def _take(self, event: dict[str, Any] | None) -> Chunk | None:
        if event is None:
            return self._last({})
        if "error" in event:
            raise EngineError("The server failed in the middle of the reply.", retry=True)
        text, reasoning = "", ""
        for choice in event.get("choices") or ():
            delta = choice.get("delta") or {}
            text += delta.get("content") or ""
            reasoning += delta.get("reasoning_content") or delta.get("reasoning") or ""
            if reason := choice.get("finish_reason"):
                self._finish = _finish(reason)
        self._deltas += bool(text or reasoning)
        text, reasoning = self._joined("text", text), self._joined("reasoning", reasoning)
        if self._finish and event.get("usage"):
            return self._last(event["usage"], text, reasoning)
        return Chunk(text, reasoning, None, *self._counts({})) if text or reasoning else None

    def _last(self, usage: dict[str, Any], text: str = "", reasoning: str = "") -> Chunk:
        if self._finish is None:
            raise EngineError("The server ended the reply without a reason.", retry=True)
        self.finished = True
        return Chunk(text, reasoning, self._finish, *self._counts(usage))

    def _joined(self, part: str, text: str) -> str:
        """Servers that count in UTF-16 may cut a character: its first half waits for the other. One that stays alone
        can be neither stored nor sent."""
        text = self._halves[part] + text
        self._halves[part] = text[-1:] if FIRST_HALF.match(text[-1:]) else ""
        text = text.removesuffix(self._halves[part])
        return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _counts(self, usage: dict[str, Any]) -> tuple[int, int, int]:
        """Prompt, completion, prefix. A server tells no count of the prefix: it has its share of the estimate."""
        prompt = index(usage.get("prompt_tokens") or self._estimate)
        prefix = round(prompt * self._prefix / self._estimate) if self._prefix else 0
        return prompt, index(usage.get("completion_tokens") or self._deltas), prefix


def _finish(reason: str) -> Finish:
    if reason not in FINISHES:
        raise EngineError(f"The server ended the reply with {reason!r}.", retry=reason not in ON_PURPOSE)
    return FINISHES[reason]

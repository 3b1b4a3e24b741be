"""llama.cpp's events, as chunks, and stop strings: by itself it drops what waited when max_tokens ends a reply."""

from typing import Any

from inference.engines.stopping import StopFilter
from inference.protocol import Chunk, EngineError, Finish


class Reply:
    """One reply. ``finished`` once its last chunk was taken."""

    def __init__(self, stop: tuple[str, ...], again: str, prompt_tokens: int, prefix_tokens: int, resaid: int) -> None:
        self._stop = StopFilter(stop)
        self._skip = len(again)
        self._prompt_tokens = prompt_tokens
        self._prefix_tokens = prefix_tokens
        self._resaid = resaid
        self._tokens = 0
        self.finished = False

    def take(self, event: dict[str, Any] | None) -> Chunk | None:
        """The chunk an event makes, if any. Raises EngineError when the events end too soon."""
        if event is None:
            raise EngineError("llama.cpp ended a reply without a reason.", retry=True)
        text, reason = "", None
        for choice in event.get("choices", ()):
            text += choice["text"]
            reason = choice["finish_reason"]
        self._tokens = event.get("timings", {}).get("predicted_n", self._tokens)
        text, self._skip = text[self._skip :], max(0, self._skip - len(text))
        text = self._stop.feed(text)
        if reason or self._stop.stopped:
            return self._last(text + self._stop.flush(), reason)
        return Chunk(text, "", None, *self._counts()) if text else None

    def _last(self, text: str, reason: str | None) -> Chunk:
        self.finished = True
        finish = Finish.LENGTH if reason == "length" and not self._stop.stopped else Finish.STOP
        return Chunk(text, "", finish, *self._counts())

    def _counts(self) -> tuple[int, int, int]:
        return self._prompt_tokens, max(0, self._tokens - self._resaid), self._prefix_tokens

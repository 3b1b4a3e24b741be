"""One reply as it came, from whichever side."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

ENDS = ("done", "cut")  # a reply that met its limit is as good: both sides have the same


@dataclass(slots=True)
class Answer:
    """Seconds from the moment it was asked. ``fault`` is empty, or says why it does not count."""

    first_s: float = 0.0
    last_s: float = 0.0  # its last piece
    end_s: float = 0.0  # all of it, and that this is all
    tokens: int = 0
    prompt_tokens: int = 0
    text: str = ""
    reply: str = ""  # its id on the site
    fault: str = ""

    @property
    def tokens_per_s(self) -> float:
        """From the first piece to the last; 0 where all came at once."""
        took = self.last_s - self.first_s
        return (self.tokens - 1) / took if took > 0 else 0.0

    def came(self, seconds: float) -> None:
        """A piece of it did."""
        self.first_s = self.first_s or seconds
        self.last_s = seconds


def of_frames(sent_at: float, frames: Sequence[tuple[float, bytes]]) -> Answer:
    """The reply that these frames of docs/websocket.md tell."""
    answer = Answer(fault="it did not end")
    seen = 0
    for at, raw in frames:
        frame = orjson.loads(raw)
        kind = frame["type"]
        if kind == "sent":
            answer.reply = frame["reply"]
        elif kind in ("refused", "error"):
            answer.fault = f"{kind}: {frame['code']}"
        if "cursor" in frame and sum(frame["cursor"][1:]) > seen:
            seen = sum(frame["cursor"][1:])
            answer.came(at - sent_at)
        if kind == "text":
            answer.text += frame["text"]
        elif "completion_tokens" in frame:
            answer.fault = "" if kind in ENDS else f"it ended with {kind}"
            answer.end_s = at - sent_at
            answer.tokens = frame["completion_tokens"]
            answer.prompt_tokens = frame["prompt_tokens"]
    return answer

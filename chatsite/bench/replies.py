"""A reply as it arrived, and whether all of it did: every token once, in order, at the offsets that were told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import orjson

from inference import stamps
from inference.stamps import Stamp

FAILED_SENDS = ("refused", "error")
GOOD_END = "done"
EARLY_S = 0.002  # a timer may come this much before its time


@dataclass(slots=True)
class Reply:
    """What came of one question. Moments are ``time.monotonic()``.

    ``unsent`` and ``fault`` are empty, or say why the question was not taken and what was wrong with the answer.
    """

    question: str
    tokens: int  # that should come
    sent_at: float
    id: str = ""
    arrivals: list[tuple[float, Stamp]] = field(default_factory=list)
    text: str = ""
    unsent: str = ""
    fault: str = ""

    @property
    def ttft_s(self) -> float:
        return self.arrivals[0][0] - self.sent_at

    @property
    def delays_s(self) -> list[float]:
        return [stamp.delay_s(at) for at, stamp in self.arrivals]

    def lateness_s(self, step_s: float) -> list[float]:
        """How long after its turn the engine said each token but the first. Turns are on one grid for all replies."""
        said = [at - stamp.delay_s(at) - stamp.number * step_s for at, stamp in self.arrivals if stamp.number]
        turn = (min(said, default=0.0) + EARLY_S) // step_s * step_s
        return [moment - turn for moment in said]

    @property
    def lost(self) -> int:
        return self.tokens - len({stamp.number for stamp in self._mine} & set(range(self.tokens)))

    @property
    def doubled(self) -> int:
        return len(self._mine) - len({stamp.number for stamp in self._mine})

    @property
    def reordered(self) -> int:
        numbers = [stamp.number for stamp in self._mine]
        return sum(after < before for before, after in pairwise(numbers))

    @property
    def foreign(self) -> int:
        """Tokens of somebody else's reply."""
        return len(self.arrivals) - len(self._mine)

    @property
    def _mine(self) -> list[Stamp]:
        mark = stamps.mark(self.question)
        return [stamp for _, stamp in self.arrivals if stamp.mark == mark]

    def add(self, at: float, text: str) -> None:
        """A piece of raw text arrived."""
        self.text += text
        self.arrivals += [(at, stamp) for stamp in stamps.read(text)]


def of_pieces(question: str, tokens: int, sent_at: float, pieces: Sequence[tuple[float, str]]) -> Reply:
    """The reply whose text came in these pieces."""
    reply = Reply(question, tokens, sent_at)
    for at, text in pieces:
        reply.add(at, text)
    return reply


def of_frames(question: str, tokens: int, sent_at: float, frames: Sequence[tuple[float, bytes]]) -> Reply:
    """The reply that these frames of docs/websocket.md tell."""
    reply = Reply(question, tokens, sent_at, fault="it did not end")
    for at, raw in frames:
        frame = orjson.loads(raw)
        kind = frame["type"]
        if kind == "sent":
            reply.id = frame["reply"]
        elif kind == "text":
            reply.add(at, frame["text"])
            _check_offset(reply, frame["cursor"])
        elif kind == "html":
            _add_rendered(reply, at, frame)
        elif kind in FAILED_SENDS:
            reply.unsent = f"{kind}: {frame['code']}"
        elif kind not in ("queued", "started", "changed"):
            _end(reply, frame)
    return reply


def _add_rendered(reply: Reply, at: float, frame: dict[str, Any]) -> None:
    """Blocks show text again; text that they are the first to show is as good as sent."""
    if frame["cursor"][2] > len(reply.text):
        for stamp in stamps.read(frame["html"] + frame["rest"]):
            if stamp.number * stamps.LENGTH >= len(reply.text):
                reply.add(at, stamp.token)
    _check_offset(reply, frame["cursor"])


def _end(reply: Reply, frame: dict[str, Any]) -> None:
    reply.fault = reply.fault.removeprefix("it did not end")
    if frame["type"] != GOOD_END:
        reply.fault = f"it ended with {frame['type']}"
    _check_offset(reply, frame["cursor"])
    whole = frame.get("html")
    if whole is not None and "".join(stamp.token for stamp in stamps.read(whole)) != reply.text:
        reply.fault = reply.fault or "its HTML at the end is not its text"


def _check_offset(reply: Reply, cursor: list[int]) -> None:
    if cursor != [0, 0, len(reply.text)]:
        reply.fault = f"the cursor says {cursor}, {len(reply.text)} bytes came"

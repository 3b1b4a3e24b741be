"""A worker is killed in the middle of a reply: how long until it goes on, and whether its text is whole."""

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from chatsite.bench.client import ENDS, Socket
from chatsite.bench.figures import Row
from chatsite.bench.models.plan import STORY, Asked
from chatsite.bench.models.sides import ANSWER_S, put
from chatsite.bench.site import BenchError, Site

LOOK_S = 0.005
PIECE = b'{"type":"text"'


@dataclass(slots=True)
class Told:
    """A reply that was interrupted, as it was told."""

    reply: str = ""
    text: str = ""
    end: str = ""
    tokens: int = 0
    states: tuple[str, ...] = ()  # how it was said to go on
    next_at: float = 0.0  # its first piece after the first of these
    fault: str = ""

    def takes(self, at: float, frame: dict[str, Any]) -> None:
        """The next frame."""
        kind = frame["type"]
        if kind == "sent":
            self.reply = frame["reply"]
        elif kind == "text":
            self.text += frame["text"]
            self.next_at = self.next_at or (at if self.states else 0.0)
        elif kind == "state":
            self.states = (*self.states, frame["state"])
            self.text = {"restarted": "", "rewound": frame.get("text", "")}.get(frame["state"], self.text)
        elif kind.encode() in ENDS:
            self.end, self.tokens = kind, frame.get("completion_tokens", 0)
        if kind in ("text", "done", "cut") and frame["cursor"][2] != len(self.text.encode()):
            self.fault = f"the cursor says {frame['cursor'][2]} bytes, {len(self.text.encode())} came"


async def run(running: Site, socket: Socket, tokens: int) -> Row:
    """Ask for so many tokens, and kill the worker when a quarter of its pieces have come."""
    put(socket, Asked(STORY, tokens), html=False)
    deadline = time.monotonic() + ANSWER_S
    while (came := sum(data.startswith(PIECE) for _, data in socket.frames)) < max(1, tokens // 4):
        if socket.ended.done() or time.monotonic() > deadline:
            raise BenchError(f"the reply ended after {came} pieces, before its worker could be killed")
        await asyncio.sleep(LOOK_S)
    killed_at = time.monotonic()
    for pid in running.processes["worker"]:
        os.kill(pid, signal.SIGKILL)
    await asyncio.wait([socket.ended], timeout=ANSWER_S)
    told = read(socket.frames)
    saved = await asyncio.to_thread(running.python, "chatsite.bench.people", "saved")
    return row(told, killed_at, saved.get(told.reply))


def read(frames: Sequence[tuple[float, bytes]]) -> Told:
    """What these frames of docs/websocket.md tell."""
    told = Told()
    for at, raw in frames:
        told.takes(at, orjson.loads(raw))
    return told


def row(told: Told, killed_at: float, saved: str | None) -> Row:
    """Its figures. ``saved`` is the SHA-256 of the text that the site kept."""
    fault = told.fault
    if told.end not in ("done", "cut"):
        fault = f"it ended with {told.end}" if told.end else "it did not end"
    elif not told.next_at:
        fault = "it had ended before"
    elif saved != sha256(told.text.encode()).hexdigest():
        fault = fault or "what was saved is not what came"
    return {
        "next_token_s": told.next_at - killed_at if told.next_at else None,
        "states": list(told.states),
        "tokens": told.tokens,
        "is_whole": not fault,
        "fault": fault,
    }

"""What gpt-oss says, token by token: in which channel it speaks, and what of that is for people.

The library's own parser trusts the model: after a repeated ``<|start|>``, a format beside the channel, a message that
does not end, or half a character it loses the rest of the reply, or shows markers. So the few rules are here.
"""

import re
from enum import Enum, auto
from typing import Any

CHANNEL = "<|channel|>"
NAMES = ("<|start|>", CHANNEL, "<|message|>", "<|end|>", "<|return|>", "<|call|>", "<|endoftext|>")
NAME = re.compile(r"\s*([a-z]*)")
OTHER = re.compile(r"<\|start\|>\s*(?!assistant|to=|<)\S")
RECIPIENT = re.compile(r"\bto=")
FORMAT = re.compile(r"\s*commentary\s*\S")  # such as commentary<|constrain|>json


class Part(Enum):
    """What a message is for the person who reads the reply."""

    REASONING = auto()
    TEXT = auto()
    HIDDEN = auto()


def markers(encoding: Any) -> dict[int, str]:
    """The tokens that make messages of a reply, by their numbers."""
    return {encoding.encode(name, allowed_special="all")[0]: name for name in NAMES}


class Channels:
    """The messages of one reply, read from what follows ``<|start|>assistant``."""

    def __init__(self, encoding: Any, markers: dict[int, str]) -> None:
        self._encoding = encoding
        self._markers = markers
        self._header: list[int] | None = []  # None inside a message and between two
        self._is_final = False
        self.part = Part.HIDDEN
        self.message = 0  # how many have begun
        self.ended = False

    def feed(self, token: int) -> bytes:
        """What a token says in ``part``; nothing for markers, for what stands around messages, and after the end."""
        if self.ended:
            return b""
        if self._encoding.is_special_token(token):
            self._mark(token)
        elif self._header is not None:
            self._header.append(token)
        elif self.part is not Part.HIDDEN:
            said: str = self._encoding.decode([token], errors="surrogateescape")
            return said.encode(errors="surrogateescape")
        return b""

    def _mark(self, token: int) -> None:
        match self._markers.get(token):
            case "<|return|>" | "<|call|>" | "<|endoftext|>":
                self.ended = True
            case "<|end|>":
                # Some replies close so, and the model would go on for the person.
                self.ended = self._is_final
                self._leave(None)
            case "<|start|>":
                self._leave([token])
            case "<|channel|>":
                self._leave([*(self._header or ()), token])
            case "<|message|>" if self._header is not None:
                self._begin(self._encoding.decode(self._header))
            case _ if self._header is not None:
                self._header.append(token)

    def _leave(self, header: list[int] | None) -> None:
        self._header, self.part, self._is_final = header, Part.HIDDEN, False

    def _begin(self, header: str) -> None:
        self._leave(None)
        if OTHER.match(header):
            self.ended = True  # it would go on for the person, or for a tool
            return
        channel = header.partition(CHANNEL)[2].rpartition(CHANNEL)[2]
        self.message += 1
        self.part = _part(channel, is_for_tool=bool(RECIPIENT.search(header)))
        self._is_final = self.part is Part.TEXT and not channel.lstrip().startswith("commentary")


def _part(channel: str, *, is_for_tool: bool) -> Part:
    """What is said to tools is hidden. A channel that does not exist is never taken for the reply."""
    name = NAME.match(channel)
    if is_for_tool or FORMAT.match(channel):
        return Part.HIDDEN
    return Part.TEXT if name and name[1] in {"final", "commentary"} else Part.REASONING

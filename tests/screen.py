"""A browser that speaks docs/websocket.md, as far as one reply goes; it checks what the protocol promises of frames."""

import html
import re
from typing import Any

from conversations.states import EVENT

Frame = dict[str, Any]

PARTS = ("reasoning", "text")
TERMINAL = frozenset(EVENT.values())
TAG = re.compile(r"<[^>]*>")


class Screen:
    """One reply on one page. ``read`` takes its frames in order."""

    def __init__(self, text: str = "", reasoning: str = "", epoch: int = 0) -> None:
        self.frames: list[Frame] = []
        self.end: Frame | None = None
        self.cursor = [epoch, len(reasoning.encode()), len(text.encode())]
        self._said = {"text": text, "reasoning": reasoning}
        self._raw = dict(self._said)  # shown after the last block
        self.is_html = False  # then text may come inside blocks only
        self._blocks: dict[str, dict[int, str]] = {part: {} for part in PARTS}

    @property
    def text(self) -> str:
        return self._said["text"]

    @property
    def reasoning(self) -> str:
        return self._said["reasoning"]

    @property
    def types(self) -> list[str]:
        return [frame["type"] for frame in self.frames]

    @property
    def states(self) -> list[str]:
        return [frame["state"] for frame in self.frames if frame["type"] == "state"]

    def shown(self, part: str = "text") -> str:
        """The words on the page: rendered blocks in the order of their keys, then the raw text."""
        blocks = "".join(block for _, block in sorted(self._blocks[part].items()))
        return html.unescape(TAG.sub("", blocks)) + self._raw[part]

    def blocks(self, part: str = "text") -> str:
        return "".join(block for _, block in sorted(self._blocks[part].items()))

    def read(self, frame: Frame) -> None:
        assert self.end is None, f"{frame} after the end {self.end}"
        self.frames.append(frame)
        kind = frame["type"]
        if kind in PARTS:
            self._add(kind, frame)
        elif kind == "html":
            self._render(frame)
        elif kind == "state" and frame["state"] != "continuing":
            self._replace(frame)
        elif kind in TERMINAL:
            self.end = frame
            assert frame["cursor"] == self.cursor, f"the end is at {frame['cursor']}, the page at {self.cursor}"

    def _add(self, part: str, frame: Frame) -> None:
        assert frame["text"], "an empty piece"
        self._said[part] += frame["text"]
        self._raw[part] += frame["text"]
        begins = self.cursor[1:] == [0, 0]
        expected = [frame["cursor"][0] if begins else self.cursor[0], *self.cursor[1:]]
        expected[1 + PARTS.index(part)] += len(frame["text"].encode())
        self._move(frame, expected)

    def _render(self, frame: Frame) -> None:
        """A block may hold text that did not come as text; the cursor says up to where."""
        assert all(new >= old for new, old in zip(frame["cursor"], self.cursor, strict=True))
        self.cursor = frame["cursor"]
        self.is_html = True
        part = frame["part"]
        if frame["html"]:
            self._blocks[part][frame["block"]] = frame["html"]
        else:
            self._blocks[part].pop(frame["block"], None)
        self._raw[part] = frame["rest"]

    def _replace(self, frame: Frame) -> None:
        for part in PARTS:
            self._said[part] = self._raw[part] = frame.get(part, "")
            self._blocks[part] = {}
        self._move(frame, [frame["cursor"][0], *(len(self._said[part].encode()) for part in PARTS)])

    def _move(self, frame: Frame, expected: list[int]) -> None:
        """A cursor says exactly what the page has: nothing lost, nothing doubled."""
        assert frame["cursor"] == expected, f"{frame['type']} ends at {frame['cursor']}, the page at {expected}"
        self.cursor = expected

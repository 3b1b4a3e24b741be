"""A reply's HTML while it streams: rendered once for all who follow it in this process, off the event loop.

Closed blocks are final. Only the open block is rendered again, at most ten times a second, less often as that takes
longer, and not at all while what came is plain text: the browser adds plain text to the open block by itself.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from conversations.markdown import block_starts, blocks, formatted, render
from conversations.markdown.formula_rules import unclosed_formula

Part = Literal["text", "reasoning"]
PARTS: tuple[Part, Part] = ("reasoning", "text")
SHORTEST_PAUSE = 0.1  # seconds between two renderings of one part
PAUSE_PER_WORK = 8  # a rendering that took t seconds, its wait for a thread included, is followed by a pause of 8 t
MARKS = re.compile(r"[*_`\[\]<>#|~\\!&$\n]|://")
MARKS_IN_CODE = re.compile(r"\n")
# A line of these alone may still become something else: "-" a list, a rule, or the heading of the line above; "- [ ]" a
# task, "[^1]:" a note, "$$" a formula.
UNDECIDED_LINE = re.compile(
    r"[ \t]*(?:[-=*+>#|:`~_$ \t]+|\d{1,9}[.)]?[ \t]*|[-*+][ \t]+\[[ xX]?\]?[ \t]*|\\\[?|\[\^[^\]\s]*(?:\]:?[ \t]*)?)\Z"
)
# "[name]: address" changes links in blocks that are closed already; notes are numbered once all of the text is there.
SEEN_FROM_AFAR = re.compile(r"\]:|\[\^")
CODE = '<figure class="code">'

log = logging.getLogger(__name__)


class Block(NamedTuple):
    """One top-level block: its key, which is its first byte in the part, and its HTML; "" takes it away again."""

    key: int
    html: str


OnBlocks = Callable[[Part, list[Block], int], None]


class LiveRender:
    """Renders one streaming reply. Its methods belong to one event loop's thread.

    ``on_blocks(part, blocks, end)`` is called there with the blocks that are new or look different, in order; together
    they show the first ``end`` bytes of the part. What comes after ``end`` is for the browser to show as it is.
    """

    def __init__(self, executor: Executor, on_blocks: OnBlocks, scope: str = "") -> None:
        self._executor = executor
        self._on_blocks = on_blocks
        self._parts: dict[Part, _LivePart] = {
            "text": _LivePart(scope),
            "reasoning": _LivePart(scope and f"{scope}r"),
        }
        self._tasks: dict[Part, asyncio.Task[None]] = {}

    def feed(self, part: Part, piece: str) -> None:
        """Take the next released text of ``part``."""
        self._parts[part].feed(piece)
        self._wake(part)

    def shown(self, part: Part) -> tuple[list[Block], int]:
        """All blocks so far and the byte where they end, for one who begins to follow now."""
        live = self._parts[part]
        return [Block(key, html) for key, html in sorted(live.html.items())], live.end

    async def finish(self) -> dict[Part, str]:
        """Stop, and give each part's whole HTML, exactly as ``markdown.render`` would."""
        await self.close()
        loop = asyncio.get_running_loop()
        return {part: await loop.run_in_executor(self._executor, live.whole) for part, live in self._parts.items()}

    async def close(self) -> None:
        """Stop rendering; ``on_blocks`` is not called any more, and whom it belongs to is not held."""
        self._on_blocks = _unheard
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _wake(self, part: Part) -> None:
        if (part not in self._tasks or self._tasks[part].done()) and self._parts[part].needs_rendering():
            self._tasks[part] = asyncio.create_task(self._render_while_needed(part))
            self._tasks[part].add_done_callback(_log_failure)

    async def _render_while_needed(self, part: Part) -> None:
        live, loop = self._parts[part], asyncio.get_running_loop()
        while live.needs_rendering():
            await asyncio.sleep(max(SHORTEST_PAUSE, PAUSE_PER_WORK * live.seconds))
            live.fresh = False
            began = loop.time()
            step = await loop.run_in_executor(self._executor, _render_open, live.open_text)
            live.seconds = loop.time() - began
            self._on_blocks(part, live.take(step), live.end)


def _unheard(part: Part, blocks: list[Block], end: int) -> None:
    """Nobody waits for blocks of a rendering that was closed."""


def _log_failure(task: "asyncio.Task[None]") -> None:
    """Without its HTML a reply is still shown, as text; the next piece tries again."""
    if not task.cancelled() and (error := task.exception()):
        log.error("A part of a reply could not be rendered", exc_info=error)


@dataclass(slots=True)
class _Step:
    """What one rendering found; offsets are bytes from the start of the text it was given."""

    blocks: list[tuple[int, str]]
    settled: int  # no later text can change what lies before
    end: int


@dataclass(slots=True)
class _LivePart:
    """One part of a reply: its closed blocks, and the text from the open block on."""

    scope: str = ""  # what its footnotes are named by
    pieces: list[str] = field(default_factory=list)
    open_text: str = ""
    open_start: int = 0  # bytes
    html: dict[int, str] = field(default_factory=dict)
    end: int = 0  # bytes
    unrendered: str = ""
    fresh: bool = False  # something was fed since the last rendering began
    seconds: float = 0.0  # the last rendering took

    def feed(self, piece: str) -> None:
        self.pieces.append(piece)
        self.open_text += piece
        self.unrendered += piece
        self.fresh = True

    def needs_rendering(self) -> bool:
        """Whether the browser, adding the new text to the open block as it is, would show something else."""
        if not self.fresh or not self.unrendered.strip():
            return False
        last = self.html[max(self.html)] if self.html else ""
        if not last:
            return True
        return bool((MARKS_IN_CODE if last.startswith(CODE) else MARKS).search(self.unrendered))

    def take(self, step: _Step) -> list[Block]:
        """Accept a rendering of the open text (which may have grown since) and say which blocks changed."""
        new = {self.open_start + key: html for key, html in step.blocks}
        gone = [key for key in self.html if key >= self.open_start and key not in new]
        changed = [Block(key, "") for key in gone] + [
            Block(key, html) for key, html in new.items() if self.html.get(key) != html
        ]
        for key in gone:
            del self.html[key]
        self.html.update(new)
        self.end = self.open_start + step.end
        open_bytes = self.open_text.encode()
        self.unrendered = open_bytes[step.end :].decode()
        self.open_text = open_bytes[step.settled :].decode()
        self.open_start += step.settled
        return sorted(changed)

    def whole(self) -> str:
        """The HTML of everything that was fed. Closed blocks stand unless later text may have changed them."""
        text = "".join(self.pieces)
        if SEEN_FROM_AFAR.search(text) or formatted(text) < len(text):
            return render(text, self.scope)
        closed = [html for key, html in sorted(self.html.items()) if key < self.open_start]
        return "".join(closed) + render(self.open_text)


def _render_open(text: str) -> _Step:
    """Render from the start of the open block. Runs in the executor."""
    shown = _decided(text).rstrip()
    rendered = blocks(shown, unfinished=True)
    settled = 0
    if len(rendered) > 1:
        # Only whole lines settle a block: "1." ends the list above it, but "1.5 of them" goes on with it. And only
        # what is rendered: an open formula may hold more than one block.
        starts = block_starts(text[: text.rfind("\n") + 1])
        settled = max((start for start in starts if start <= rendered[-1][0]), default=0)
    return _Step(rendered, settled, len(shown.encode()))


def _decided(text: str) -> str:
    """Without its last line if that may become anything, and without a formula that is not complete."""
    text = text[: unclosed_formula(text)]
    line = text.rfind("\n") + 1
    return text[:line] if UNDECIDED_LINE.match(text, line) else text

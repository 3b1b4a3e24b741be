"""What of a reply may be told, and when: the rules of this site between the engine and everyone who reads.

Text is released as soon as it cannot be the start of a match. What a rule found is on record before the text around it
is told, so nothing is masked or flagged that a moderator will not see, whenever the worker dies.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from inference.events.items import Part
from moderation.matcher import Finding, Matcher
from moderation.stream import Released, StreamFilter
from moderation.words import MOST_CHARACTERS

NEIGHBOURS = 2 * MOST_CHARACTERS  # of released text that a new filter is shown: where words begin, and exceptions

Report = Callable[[Part, list[Finding]], Awaitable[None]]


class Release:
    """The gate of one attempt. ``before`` is what earlier attempts released.

    With ``broke_off`` that is of a reply that had ended: what it said last was told as at the end of a text, but may be
    the beginning of a match that ends in what is said now. So it is heard again, and not told.
    """

    def __init__(
        self, matcher: Matcher, before: Mapping[Part, str], report: Report, *, broke_off: bool = False
    ) -> None:
        self._matcher = matcher
        self._report = report
        self._told = {part: len(text) for part, text in before.items()}  # characters
        self._began = dict(self._told)  # of them when the part's filter was made, from where it counts
        self._again = {part: text[-NEIGHBOURS:] if broke_off else "" for part, text in before.items()}
        self._heard = {part: len(text) for part, text in self._again.items()}  # of these, not let out a second time yet
        self._ended_at = dict(self._told) if broke_off else dict.fromkeys(self._told, 0)
        self._tails = {part: text[: len(text) - self._heard[part]][-NEIGHBOURS:] for part, text in before.items()}
        self._filters: dict[Part, StreamFilter] = {}
        self._ready: list[tuple[Part, str]] = []
        self._found: dict[Part, list[Finding]] = {}
        self._is_shut = False

    @property
    def is_shut(self) -> bool:
        return self._is_shut

    def hear(self, part: Part, text: str) -> None:
        """The engine's next piece. Where text begins, the reasoning has ended.

        Text has not ended where more reasoning begins: whoever reads it sees no gap, and a word may go on behind it.
        """
        if part is Part.TEXT and Part.REASONING in self._filters:
            self._end(Part.REASONING)
        if not self._is_shut:
            heard = self._filter(part)
            if not self._is_shut:  # by what was said before
                self._take_in(part, heard.feed(text))

    def finish(self) -> None:
        """The engine has said all it will."""
        for part in list(self._filters):
            self._end(part)

    async def release(self) -> list[tuple[Part, str]]:
        """What may be told now; what was found in it is reported first."""
        if self._found:
            for part, findings in list(self._found.items()):
                await self._report(part, findings)
                del self._found[part]
        ready, self._ready = self._ready, []
        return ready

    def _filter(self, part: Part) -> StreamFilter:
        if part not in self._filters:
            again, self._again[part] = self._again[part], ""
            self._began[part] = self._told[part] - len(again)
            self._filters[part] = StreamFilter(self._matcher, self._tails[part])
            if again:
                self._take_in(part, self._filters[part].feed(again))
        return self._filters[part]

    def _end(self, part: Part) -> None:
        ending = self._filters.pop(part)
        if not self._is_shut:
            self._take_in(part, ending.finish())

    def _take_in(self, part: Part, released: Released) -> None:
        if released.text:
            self._tails[part] = (self._tails[part] + released.text)[-NEIGHBOURS:]
            self._tell(part, released.text)
        began = self._began[part]
        found = [one for one in released.findings if one.end + began > self._ended_at[part]]
        found += [released.blocked] if released.blocked else []
        if found:
            moved = [replace(one, start=one.start + began, end=one.end + began) for one in found]
            self._found.setdefault(part, []).extend(moved)
        self._is_shut = self._is_shut or released.blocked is not None

    def _tell(self, part: Part, text: str) -> None:
        known = min(self._heard[part], len(text))
        self._heard[part] -= known
        if text := text[known:]:
            self._ready.append((part, text))
            self._told[part] += len(text)

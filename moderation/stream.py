"""The filter of a text that is being written: lets out what cannot be the beginning of anything that is looked for.

The same is found as in the whole text, however it was cut. What was let out is never part of a match that is found
later: whatever begins in it was decided before. So a filter that goes on after another (``before``) needs of its text
only what decides edges and exceptions.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from moderation.matcher import MASK, Action, Finding, Matcher
from moderation.normal import normalise, searched
from moderation.refusals import InvalidRule, gettext_noop
from moderation.scan import Scan
from moderation.spans import Spans

AROUND = 40  # characters of an excerpt before the match
MOST_SHOWN = 256  # characters kept of what was let out, for excerpts


@dataclass(frozen=True, slots=True)
class Released:
    """What may be shown now, what was found, and what ends the text. Places count from the filter's first character."""

    text: str
    findings: tuple[Finding, ...] = ()
    blocked: Finding | None = None


class StreamFilter:
    def __init__(self, matcher: Matcher, before: str = "") -> None:
        """``before``: the end of what was shown already of the same text.

        Raises ``InvalidRule`` for a rule with a pattern that is for prompts only.
        """
        for number, _ in matcher.compiled.long:
            raise InvalidRule(gettext_noop("This rule's pattern is for prompts only."), rule=matcher.rules[number].id)
        self._rules = matcher.rules
        context = searched(before)
        self._scan = Scan(matcher.compiled, context)
        self._last = context[-1:]
        self._shown = before[-MOST_SHOWN:]
        self._out = 0  # characters let out
        self._held = ""
        self._origins: list[int] = []  # of searched characters, from number ``_first`` on
        self._first = 0
        self._found = [Spans() for _ in self._rules]
        self._masks = Spans()
        self._block: int | None = None  # the first character of what ends the text
        self._matched = False  # whether a match is open
        self._quiet = True  # neither that, nor is anything held
        self._ended = False

    @property
    def held(self) -> bool:
        return bool(self._held)

    def feed(self, piece: str) -> Released:
        """Raises ``RuntimeError`` after the end."""
        self._go_on()
        text, places = normalise(piece, self._last)
        self._last = text[-1:] or self._last
        scan = self._scan
        scan.read(text)
        if self._quiet and scan.frontier == scan.now and not scan.candidates:
            self._out += len(piece)
            self._shown = (self._shown + piece)[-MOST_SHOWN:]
            return Released(piece)
        self._hold(piece, places)
        return self._release()

    def _hold(self, piece: str, places: Sequence[int]) -> None:
        if self._quiet:
            self._origins.clear()
            self._first = self._scan.now - len(places)
        began = self._out + len(self._held)
        self._origins.extend(began + place for place in places)
        self._held += piece

    def finish(self) -> Released:
        """The text ends here."""
        self._go_on()
        self._scan.end()
        released = self._release(at_end=True)
        self._ended = True
        return released

    def _go_on(self) -> None:
        if self._ended:
            raise RuntimeError("this text has ended")

    def _release(self, at_end: bool = False) -> Released:
        if self._scan.candidates:
            self._collect()
        frontier, now = self._scan.frontier, self._scan.now
        decided = self._out + len(self._held) if frontier == now else self._origin(frontier)
        text = self._let_out(decided if self._block is None else min(decided, self._block))
        released = self._judge(text, at_end) if self._matched else Released(text)
        self._quiet = not (self._held or self._matched)
        self._forget(min(frontier, now - 1))
        return released

    def _judge(self, text: str, at_end: bool) -> Released:
        """What is known of the matches. Where one ends is known when the next searched character is."""
        last = min(self._scan.frontier, self._scan.now - 1)
        known = self._out + len(self._held) if at_end else self._origin(last)
        blocked = self._blocking(known)
        self._ended = blocked is not None
        findings = tuple(self._findings(self._out + len(self._held) if blocked else known))
        self._masks.take_before(known)
        self._matched = bool(self._masks) or self._block is not None or any(self._found)
        return Released(text, findings, blocked)

    def _origin(self, number: int) -> int:
        return self._origins[number - self._first]

    def _collect(self) -> None:
        self._matched = True
        for number, start, end in self._scan.candidates:
            rule = self._rules[number]
            first, last = self._origin(start), self._origin(end - 1)
            self._found[number].add(first, last)
            if rule.dry_run:
                continue
            if rule.action is Action.MASK:
                self._masks.add(first, last)
            elif rule.action is Action.BLOCK:
                self._block = first if self._block is None else min(self._block, first)
        self._scan.candidates.clear()

    def _let_out(self, end: int) -> str:
        text = self._held[: end - self._out]
        for first, last in self._masks:
            start = max(first - self._out, 0)
            stop = min(self._after(last) - self._out, len(text))
            if start < stop:
                text = text[:start] + MASK * (stop - start) + text[stop:]
        self._held = self._held[len(text) :]
        self._out += len(text)
        self._shown = (self._shown + text)[-MOST_SHOWN:]
        return text

    def _after(self, last: int) -> int:
        """Where the searched character after this one begins, or would begin."""
        place = bisect_right(self._origins, last)
        return self._origins[place] if place < len(self._origins) else self._out + len(self._held)

    def _findings(self, known: int) -> Iterator[Finding]:
        closed = [
            (first, number, last)
            for number, spans in enumerate(self._found)
            if spans and not self._is_ending(number)
            for first, last in spans.take_before(known)
        ]
        for first, number, last in sorted(closed):
            end = self._after(last)
            if self._block is None or first < self._block:
                yield self._finding(number, first, end if self._block is None else min(end, self._block))

    def _is_ending(self, number: int) -> bool:
        return self._rules[number].action is Action.BLOCK and not self._rules[number].dry_run

    def _blocking(self, known: int) -> Finding | None:
        ending = [
            (first, number, last)
            for number, spans in enumerate(self._found)
            if spans and self._is_ending(number)
            for first, last in spans
        ]
        if not ending:
            return None
        first, number, last = min(ending)
        return self._finding(number, first, self._after(last)) if last < known else None

    def _finding(self, number: int, start: int, end: int) -> Finding:
        rule = self._rules[number]
        place = max(0, len(self._shown) - (self._out - start))
        excerpt = self._shown[max(0, place - AROUND) : place] + MASK * min(end - start, AROUND)
        return Finding(rule.id, rule.action, rule.dry_run, start, end, excerpt)

    def _forget(self, number: int) -> None:
        spare = number - self._first
        if spare > MOST_SHOWN:
            del self._origins[:spare]
            self._first = number

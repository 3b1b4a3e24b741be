"""Rules, compiled; and what they find in a whole text.

A rule's *candidates* are all places where one of its words or its pattern stands, at the edges it asks for, with right
check digits, and not inside one of its exceptions. Candidates of one rule that overlap are one *match*. So what is
found depends neither on the order of words and rules nor on how a text was cut.

A match covers whole characters of the text as given, and the invisible characters and marks inside and directly after.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from moderation import costs
from moderation.automaton import Machine
from moderation.exceptions import Exceptions
from moderation.normal import normalise
from moderation.patterns import checked, fits_replies
from moderation.prompts import LongPattern
from moderation.refusals import InvalidRule, gettext_noop
from moderation.scan import Candidate, Compiled, Scan
from moderation.spans import Spans
from moderation.words import Word, Words

__all__ = ["MASK", "Action", "Finding", "InvalidRule", "Match", "Matcher", "RuleSpec", "Screened"]

MASK = "█"  # one for each character, so places in the text stay what they are


class Action(StrEnum):
    BLOCK = "block"
    MASK = "mask"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A rule as it is written. ``words`` as ``validate_words`` gives them."""

    id: int
    action: Action
    words: tuple[str, ...] = ()
    pattern: str = ""
    checksum: str = ""
    exceptions: tuple[str, ...] = ()
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """What a rule found: places in the text as given."""

    rule: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A match for the record. ``excerpt``: what stands before it, and the match itself masked."""

    rule: int
    action: Action
    dry_run: bool
    start: int
    end: int
    excerpt: str


@dataclass(frozen=True, slots=True)
class Screened:
    """The text with what is masked; up to ``blocked`` when there is that. Matches that begin before it, and itself."""

    text: str
    matches: tuple[Match, ...]
    blocked: Match | None


class Matcher:
    """Compiled rules. Threads and streams may share it."""

    def __init__(self, rules: Sequence[RuleSpec]) -> None:
        """Raises ``InvalidRule``."""
        self.rules = tuple(rules)
        self.compiled = _compile(self.rules)

    def find(self, text: str) -> list[Match]:
        """All matches, by where they begin, then by the order of the rules."""
        searched, origins = normalise(text)
        scan = Scan(self.compiled)
        scan.end(searched)
        found = [Spans() for _ in self.rules]
        for rule, start, end in [*scan.candidates, *self._long(searched)]:
            found[rule].add(origins[start], origins[end - 1])
        ends = _Ends(origins, len(text))
        return sorted(
            (
                Match(spec.id, first, ends.after(last))
                for spec, spans in zip(self.rules, found, strict=True)
                for first, last in spans
            ),
            key=lambda match: match.start,
        )

    def screen(self, text: str) -> Screened:
        """What may be shown of a text."""
        found = self.find(text)
        specs = {spec.id: spec for spec in self.rules}
        acting = [match for match in found if not specs[match.rule].dry_run]
        blocked = next((match for match in acting if specs[match.rule].action is Action.BLOCK), None)
        shown = text[: blocked.start] if blocked else text
        for match in acting:
            if specs[match.rule].action is Action.MASK and match.start < len(shown):
                shown = masked(shown, match.start, match.end)
        if blocked:
            found = [*(cut(match, blocked.start) for match in found if match.start < blocked.start), blocked]
        return Screened(shown, tuple(found), blocked)

    def _long(self, searched: str) -> Iterator[Candidate]:
        for rule, pattern in self.compiled.long:
            exceptions = self.compiled.exceptions.get(rule)
            for start, end in pattern.spans(searched):
                if not (exceptions and exceptions.cover(searched, start, end, ended=True)):
                    yield rule, start, end


def masked(text: str, start: int, end: int) -> str:
    end = min(end, len(text))
    return text[:start] + MASK * (end - start) + text[end:]


def cut(match: Match, end: int) -> Match:
    """As far as it stands before this place."""
    return match if match.end <= end else Match(match.rule, match.start, end)


class _Ends:
    """Where the next searched character of a text begins."""

    def __init__(self, origins: Sequence[int], length: int) -> None:
        self.origins = origins
        self.length = length

    def after(self, last: int) -> int:
        place = bisect_right(self.origins, last)
        return self.origins[place] if place < len(self.origins) else self.length


def _compile(rules: Sequence[RuleSpec]) -> Compiled:
    words = Words.of((number, _words(spec)) for number, spec in enumerate(rules))
    compiled = Compiled(words, Machine())
    for number, spec in enumerate(rules):
        try:
            _add(compiled, number, spec)
        except InvalidRule as invalid:
            raise invalid.of(spec.id) from None
    if (costly := costs.costliest(compiled.machine)) is not None:
        raise costs.too_costly_together().of(rules[compiled.patterns[costly][0]].id)
    return compiled


def _words(spec: RuleSpec) -> list[Word]:
    try:
        return [Word.read(word, line) for line, word in enumerate(spec.words, 1)]
    except InvalidRule as invalid:
        raise invalid.of(spec.id) from None


def _add(compiled: Compiled, number: int, spec: RuleSpec) -> None:
    if not spec.words and not spec.pattern:
        raise InvalidRule(gettext_noop("This rule has neither words nor a pattern."))
    if spec.exceptions:
        compiled.exceptions[number] = Exceptions(spec.exceptions)
    if not spec.pattern:
        return
    pattern = checked(spec.pattern, spec.checksum)
    if fits_replies(pattern):
        compiled.machine.add(pattern, keeps_all=bool(spec.checksum))
        compiled.patterns.append((number, spec.checksum))
    else:
        compiled.long.append((number, LongPattern(pattern)))

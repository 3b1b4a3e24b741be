"""From rules to a matcher, whatever is in the table: what cannot be compiled is left out, and named."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from moderation.exceptions import MOST_EXCEPTIONS
from moderation.matcher import Matcher, RuleSpec
from moderation.patterns import validate_pattern
from moderation.refusals import InvalidRule
from moderation.words import Word


@dataclass(frozen=True, slots=True)
class Brief:
    """What is kept of a rule beside the compiled form."""

    spec: RuleSpec
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules that hold together. ``matcher`` is None when there is none."""

    matcher: Matcher | None
    briefs: tuple[Brief, ...] = ()

    @property
    def specs(self) -> tuple[RuleSpec, ...]:
        return tuple(brief.spec for brief in self.briefs)

    def brief(self, rule: int) -> Brief:
        return next(brief for brief in self.briefs if brief.spec.id == rule)


Lost = dict[int, InvalidRule]  # by rule: why it, or some of its words, are left out


def compiled(specs: Sequence[RuleSpec]) -> tuple[Matcher | None, Lost]:
    """A matcher of all that can be compiled."""
    lost: Lost = {}
    left = list(specs)
    while left:
        try:
            return Matcher(left), lost
        except InvalidRule as invalid:
            rule = invalid.rule or max(left, key=lambda spec: len(spec.words)).id  # too many in all: the longest list
            lost[rule] = invalid
            left = [kept for spec in left if (kept := _without_lost(spec, rule)) is not None]
    return None, lost


def fit_for_replies(specs: Sequence[RuleSpec]) -> tuple[list[RuleSpec], Lost]:
    """Those that can filter a reply while it is written: a pattern needs a longest match."""
    fit: list[RuleSpec] = []
    lost: Lost = {}
    for spec in specs:
        try:
            if spec.pattern:
                validate_pattern(spec.pattern, for_replies=True, checksum=spec.checksum)
        except InvalidRule as invalid:
            lost[spec.id] = invalid
        else:
            fit.append(spec)
    return fit, lost


def _without_lost(spec: RuleSpec, rule: int) -> RuleSpec | None:
    """The rule as far as it can be compiled; the others as they are. None when nothing of it can."""
    if spec.id != rule:
        return spec
    kept = replace(spec, words=_readable(spec.words), exceptions=_readable(spec.exceptions)[:MOST_EXCEPTIONS])
    return kept if kept != spec and (kept.words or kept.pattern) else None


def _readable(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in words if _can_be_read(word))


def _can_be_read(word: str) -> bool:
    try:
        Word.read(word)
    except InvalidRule:
        return False
    return True

"""From rules to a matcher, whatever is in the table: what cannot be compiled is left out, and named."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from moderation.matcher import Matcher, RuleSpec
from moderation.refusals import InvalidRule


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


def compiled(specs: Sequence[RuleSpec]) -> tuple[Matcher | None, dict[int, str]]:
    """A matcher of all that can be compiled, and the reasons of the rules of which something cannot."""
    lost: dict[int, str] = {}
    left = list(specs)
    while left:
        try:
            return Matcher(left), lost
        except InvalidRule as invalid:
            rule = invalid.rule or max(left, key=lambda spec: len(spec.words)).id  # no rule's own fault: the longest
            lost[rule] = invalid.reason
            left = [kept for spec in left if (kept := _without_lost(spec, rule)) is not None]
    return None, lost


def broken(specs: Sequence[RuleSpec]) -> dict[int, str]:
    """The rules of which something cannot be compiled, each with the reason."""
    return {rule: reason for spec in specs for rule, reason in compiled([spec])[1].items()}


def _without_lost(spec: RuleSpec, rule: int) -> RuleSpec | None:
    """The rule as far as it can be compiled; the others as they are. None when nothing of it can."""
    if spec.id != rule:
        return spec
    words = tuple(word for word in spec.words if _compiles(replace(spec, words=(word,))))
    return replace(spec, words=words) if words and words != spec.words else None


def _compiles(spec: RuleSpec) -> bool:
    try:
        Matcher([spec])
    except InvalidRule:
        return False
    return True

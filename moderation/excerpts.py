"""What is kept of a text where a rule found something: the words around it, and of the match only its beginning."""

from collections.abc import Sequence

from moderation.compiling import RuleSet
from moderation.matcher import Finding, Match, masked

AROUND = 40  # characters on each side
MOST_MASKED = 12  # of the match


def findings_in(text: str, matches: Sequence[Match], rules: RuleSet) -> tuple[Finding, ...]:
    """The matches as findings, each with its excerpt."""
    specs = {brief.spec.id: brief.spec for brief in rules.briefs}
    hidden = hide(text, matches)
    return tuple(
        Finding(
            rule=match.rule,
            action=specs[match.rule].action,
            dry_run=specs[match.rule].dry_run,
            start=match.start,
            end=match.end,
            excerpt=excerpt(hidden, match.start, match.end),
        )
        for match in matches
    )


def hide(text: str, matches: Sequence[Match]) -> str:
    """The text in which of each match only the first character stands, as long as before.

    That and the length, beside the rule's name, are enough to judge by; not enough to use a card or a key.
    """
    for match in matches:
        text = masked(text, match.start + 1, match.end)
    return text


def excerpt(hidden: str, start: int, end: int) -> str:
    """The words around a match in a text that ``hide`` gave."""
    before, after = hidden[max(0, start - AROUND) : start], hidden[end : end + AROUND]
    found = hidden[start : min(end, start + MOST_MASKED)]
    return f"{'…' * (start > AROUND)}{before}{found}{after}{'…' * (end + AROUND < len(hidden))}"

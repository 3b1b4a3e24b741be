"""What is kept of a text where a rule found something: the words around it, and of the match only its beginning."""

from collections.abc import Sequence

from moderation.compiling import RuleSet
from moderation.matcher import Finding, Match

AROUND = 40  # characters on each side
MOST_DOTS = 12


def findings_in(text: str, matches: Sequence[Match], rules: RuleSet) -> tuple[Finding, ...]:
    """The matches as findings, each with its excerpt."""
    specs = {brief.spec.id: brief.spec for brief in rules.briefs}
    return tuple(
        Finding(
            rule=match.rule,
            action=specs[match.rule].action,
            dry_run=specs[match.rule].dry_run,
            start=match.start,
            end=match.end,
            excerpt=excerpt(text, match.start, match.end),
        )
        for match in matches
    )


def excerpt(text: str, start: int, end: int) -> str:
    """The words around a match, in which it stands as its first character and a dot for each other, at most twelve.

    Enough to judge by, with the rule's name beside it; not enough to use a card or a key that was found.
    """
    before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    dots = "•" * min(MOST_DOTS, end - start - 1)
    return f"{'…' * (start > AROUND)}{before}{text[start : start + 1]}{dots}{after}{'…' * (end + AROUND < len(text))}"

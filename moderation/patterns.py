"""What a pattern must be before it is used."""

from collections.abc import Iterable

from moderation import costs
from moderation.automaton import Machine
from moderation.checksums import CHECKSUMS
from moderation.prompts import LongPattern, compiled
from moderation.refusals import InvalidRule, gettext_noop
from moderation.syntax import parse
from moderation.tree import Pattern, longest, shortest

LONGEST = 256  # characters a stream may hold back for a pattern
LONGEST_WITH_CHECKSUM = 64


def validate_pattern(pattern: str, *, for_replies: bool, checksum: str = "") -> None:
    """Raises ``InvalidRule`` with the reason."""
    read = checked(pattern, checksum)
    if for_replies and (reason := _unfit_for_replies(read)):
        raise reason
    if not fits_replies(read):
        LongPattern(read)


def validate_together(patterns: Iterable[tuple[str, str]]) -> None:
    """Patterns and their checksums. Raises ``InvalidRule`` when all at once cost too much; what is wrong alone is not
    looked at."""
    machine = Machine()
    for source, checksum in patterns:
        try:
            pattern = checked(source, checksum)
        except InvalidRule:
            continue
        if fits_replies(pattern):
            machine.add(pattern, keeps_all=bool(checksum))
    if costs.costliest(machine) is not None:
        raise costs.too_costly_together()


def checked(source: str, checksum: str = "") -> Pattern:
    """The pattern, read; refused when it is malformed, finds the empty text or costs too much."""
    pattern = parse(source)
    compiled(source)
    if shortest(pattern.body) == 0:
        raise InvalidRule(gettext_noop("This pattern finds the empty text, which is everywhere."))
    if checksum:
        _check_checksum(pattern, checksum)
    if fits_replies(pattern):
        costs.check(pattern, keeps_all=bool(checksum))
    return pattern


def fits_replies(pattern: Pattern) -> bool:
    return _unfit_for_replies(pattern) is None


def _unfit_for_replies(pattern: Pattern) -> InvalidRule | None:
    if pattern.at_start or pattern.at_end:
        return InvalidRule(gettext_noop("^ and $ are for prompts only: a reply is searched while it is written."))
    length = longest(pattern.body)
    if length is None:
        return InvalidRule(
            gettext_noop("For replies a pattern needs a longest match: write {1,%(most)d} instead of + or *."),
            most=LONGEST,
        )
    if length > LONGEST:
        return InvalidRule(
            gettext_noop("For replies a match has %(most)d characters at most, this pattern's longest has %(has)d."),
            most=LONGEST,
            has=length,
        )
    return None


def _check_checksum(pattern: Pattern, checksum: str) -> None:
    if checksum not in CHECKSUMS:
        raise InvalidRule(gettext_noop("There is no checksum “%(name)s”."), name=checksum)
    length = longest(pattern.body)
    if pattern.at_start or pattern.at_end or length is None or length > LONGEST_WITH_CHECKSUM:
        raise InvalidRule(
            gettext_noop("With a checksum a pattern's longest match has %(most)d characters, and no ^ or $."),
            most=LONGEST_WITH_CHECKSUM,
        )

"""The rule that a command names."""

from django.core.management.base import CommandError

from moderation.models import Rule


def rule_named(named: str) -> Rule:
    """By its number or its name. Raises CommandError."""
    rules = Rule.objects.filter(pk=int(named)) if named.isdecimal() else Rule.objects.filter(name=named)
    found = list(rules[:2])
    if len(found) == 1:
        return found[0]
    raise CommandError(
        f"{'No rule is' if not found else 'Several rules are'} called {named!r}; a number also names one."
    )

"""What confirmed incidents mean for a person, as their policy says: slowed or suspended, for a week."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from limits import restraints
from limits.models import Restraint
from limits.policies import limits_of
from moderation.models import Decision, Incident

COUNTED = timedelta(days=30)
LASTS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Consequence:
    """What becomes of a person with this many messages that were confirmed to break a rule."""

    person: User
    messages: int
    kind: Restraint.Kind

    def __str__(self) -> str:
        words = {
            Restraint.Kind.SLOW: _("%(person)s may then send one message a minute, for %(days)d days."),
            Restraint.Kind.SUSPEND: _("%(person)s may then send no message, for %(days)d days."),
        }
        return words[self.kind] % {"person": self.person.get_username(), "days": LASTS.days}


def foreseen(incidents: Iterable[Incident]) -> list[Consequence]:
    """What confirming these would bring."""
    more: dict[int, set[UUID]] = {}
    for one in incidents:
        if one.user_id and one.state != Decision.CONFIRMED and one.counts and one.at >= _since():
            more.setdefault(one.user_id, set()).add(one.message)
    people = User.objects.in_bulk(list(more))
    due = [_due(person, _messages(person) | more[pk]) for pk, person in people.items()]
    return [one for one in due if one]


def prepare(incidents: Iterable[Incident]) -> None:
    """Before these are confirmed, in the same transaction: the people are locked before the audit log is."""
    _locked(incidents)


def follow(incidents: Iterable[Incident]) -> list[Consequence]:
    """After these were confirmed, in the same transaction: what came of it."""
    due = [one for person in _locked(incidents) if (one := _due(person, _messages(person)))]
    for one in due:
        restrain = restraints.slow if one.kind == Restraint.Kind.SLOW else restraints.suspend
        restrain(one.person, timezone.now() + LASTS, _reason(one.messages))
    return due


def _locked(incidents: Iterable[Incident]) -> list[User]:
    """The people it counts against: two who confirm at once restrain nobody twice."""
    ids = {one.user_id for one in incidents if one.counts and one.user_id}
    return list(User.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))


def _since() -> datetime:
    return timezone.now() - COUNTED


def _messages(person: User) -> set[UUID]:
    found = Incident.objects.filter(user=person).counting(_since())
    return set(found.values_list("message", flat=True))


def _due(person: User, messages: set[UUID]) -> Consequence | None:
    """Nothing for an owner, and nothing that holds already."""
    limits = limits_of(person.pk)
    held = {one.kind for one in restraints.now_on(person.pk)}
    if person.is_superuser or Restraint.Kind.SUSPEND in held:
        return None
    if limits.suspend_after and len(messages) >= limits.suspend_after:
        return Consequence(person, len(messages), Restraint.Kind.SUSPEND)
    if limits.slow_after and len(messages) >= limits.slow_after and Restraint.Kind.SLOW not in held:
        return Consequence(person, len(messages), Restraint.Kind.SLOW)
    return None


def _reason(messages: int) -> str:
    said = ngettext(
        "%(number)d message within 30 days was confirmed to break a rule.",
        "%(number)d messages within 30 days were confirmed to break a rule.",
        messages,
    )
    return said % {"number": messages}

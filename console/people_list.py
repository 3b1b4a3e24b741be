"""What the list of people knows of those on one page: a query for each one's limits, a few for all of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from console.roles import GROUPS, Role
from limits import windows
from limits.clock import Span
from limits.models import Restraint
from limits.policies import limits_of
from limits.quotas import Quota, quotas
from limits.windows import Held, Key


@dataclass(frozen=True, slots=True)
class Known:
    """One person's tokens today and this month, their quotas (None: there is none), and what restrains them."""

    today: int
    month: int
    quota_day: Quota | None
    quota_month: Quota | None
    restraint: Restraint | None


class PeopleList(ChangeList):
    """Django's list, with ``known`` on each person of the page."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        people = list(self.result_list)
        found = known_of(people)
        for person in people:
            person.known = found[person.pk]
        self.result_list = people  # a list, as Django makes it too when it shows all


def known_of(people: Iterable[User]) -> dict[int, Known]:
    """What is known of each of them, by their id."""
    today = datetime.now(UTC).date()
    ids = [person.pk for person in people]
    limits = {pk: limits_of(pk) for pk in ids}
    keys = {key for pk in ids for key in windows.keys_of(pk, today, limits[pk].pool_day, limits[pk].pool_month)}
    held = windows.look(sorted(keys))
    restraints = _restraints(ids)
    found = {}
    for pk in ids:
        quota = {one.span: one for one in quotas(pk, today, limits[pk], held)}
        found[pk] = Known(
            today=_used(held, Key(False, pk, Span.DAY, today)),
            month=_used(held, Key(False, pk, Span.MONTH, Span.MONTH.start(today))),
            quota_day=quota.get(Span.DAY),
            quota_month=quota.get(Span.MONTH),
            restraint=restraints.get(pk),
        )
    return found


def restrained_now() -> Q:
    """Restraints that hold."""
    return Q(lifted_at=None) & (Q(until=None) | Q(until__gt=timezone.now()))


def role_among(person: User) -> Role | None:
    """The person's role, from groups that were read with them."""
    if person.is_superuser:
        return Role.OWNER
    names = {group.name for group in person.groups.all()}
    return next((role for role, name in GROUPS.items() if name in names), None)


def _used(held: dict[Key, Held], key: Key) -> int:
    return held[key].used + held[key].reserved if key in held else 0


def _restraints(ids: list[Any]) -> dict[int, Restraint]:
    """Of each person one; a suspension goes before being slowed."""
    rows = Restraint.objects.filter(restrained_now(), user__in=ids).order_by("kind")  # "slow" before "suspend"
    return {row.user_id: row for row in rows}

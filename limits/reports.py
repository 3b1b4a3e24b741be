"""What was used in a period, by person, group, model or day, for pages, charts and CSV.

Replies count when they have ended, on the day they were asked for (UTC).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from operator import add
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext as _

from limits.models import Usage

FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


class By(StrEnum):
    """What each row of a report is about."""

    PERSON = "person"
    GROUP = "group"
    MODEL = "model"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Total:
    """``key`` is the id of a person or group (None: who is gone, or in no group), a model's name, or a day."""

    key: Any
    name: str
    replies: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    charged: int = 0


def totals(
    by: By, since: date, until: date, *, user: int | None = None, group: int | None = None, model: str = ""
) -> list[Total]:
    """Sums over the days from ``since`` to ``until``, both included, of one person, group or model, or of all.

    Days come in order, none left out; all else by tokens charged, the most first. Members of two groups count in both,
    so groups may add up to more than there was.
    """
    rows = _ended(since, until, user=user, group=group, model=model)
    if by is By.GROUP:
        return _of_groups(_sums(rows, "user"))
    sums = _sums(rows, _COLUMNS[by])
    if by is By.DAY:
        days = (since + timedelta(days=number) for number in range((until - since).days + 1))
        return [Total(day, day.isoformat(), *sums.get(day, ())) for day in days]
    names = _names_of_people(sums) if by is By.PERSON else {key: key for key in sums}
    return _greatest_first(Total(key, names.get(key) or _("people who left"), *sums[key]) for key in sums)


def table(by: By, rows: Iterable[Total]) -> Iterator[list[str | int]]:
    """A report as lines of a CSV file, the first its head. What a spreadsheet would run as a formula is text."""
    titles = {By.PERSON: _("person"), By.GROUP: _("group"), By.MODEL: _("model"), By.DAY: _("day")}
    yield [titles[by], _("replies"), _("prompt tokens"), _("completion tokens"), _("tokens charged")]
    for row in rows:
        name = f"'{row.name}" if row.name.startswith(FORMULA_BEGINS) else row.name
        yield [name, row.replies, row.prompt_tokens, row.completion_tokens, row.charged]


_COLUMNS = {By.PERSON: "user", By.MODEL: "model", By.DAY: "day"}
Sums = tuple[int, ...]  # replies, prompt tokens, completion tokens, tokens charged


def _ended(since: date, until: date, *, user: int | None, group: int | None, model: str) -> QuerySet[Usage]:
    rows = Usage.objects.filter(state=Usage.State.SETTLED, day__range=(since, until))
    if user is not None:
        rows = rows.filter(user=user)
    if group is not None:
        rows = rows.filter(user__in=get_user_model().objects.filter(groups=group))
    return rows.filter(model=model) if model else rows


def _sums(rows: QuerySet[Usage], column: str) -> dict[Any, Sums]:
    sums = [Count("pk"), Sum("prompt_tokens"), Sum("completion_tokens"), Sum("charged")]
    named = {f"sum_{number}": one for number, one in enumerate(sums)}
    found = rows.order_by().values(column).annotate(**named).values_list(column, *named)
    return {key: tuple(numbers) for key, *numbers in found}


def _of_groups(people: dict[Any, Sums]) -> list[Total]:
    """From the sums of people: they are few, and rows are many."""
    memberships = get_user_model().groups.through.objects.filter(user__in=[key for key in people if key is not None])
    groups_of: dict[Any, list[Any]] = {}
    for person, group in memberships.values_list("user", "group"):
        groups_of.setdefault(person, []).append(group)
    sums: dict[Any, Sums] = {}
    for person, numbers in people.items():
        for group in groups_of.get(person, [None]):
            sums[group] = tuple(map(add, sums.get(group, (0, 0, 0, 0)), numbers))
    names = dict(Group.objects.filter(pk__in=[key for key in sums if key is not None]).values_list("pk", "name"))
    return _greatest_first(Total(key, names.get(key) or _("in no group"), *sums[key]) for key in sums)


def _names_of_people(keys: Iterable[int | None]) -> dict[Any, str]:
    known = get_user_model().objects.filter(pk__in=[key for key in keys if key is not None])
    return dict(known.values_list("pk", "username"))


def _greatest_first(rows: Iterable[Total]) -> list[Total]:
    return sorted(rows, key=lambda row: (-row.charged, row.name))

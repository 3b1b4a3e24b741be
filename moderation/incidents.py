"""Incidents as they come: what rules found, what people report, their appeals. They are decided in ``decisions``."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from uuid import UUID, uuid5

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Count
from django.db.models.functions import Now

from moderation.matcher import Finding
from moderation.models import Incident, Reason, Rule, Where

MOST_OF_A_RULE = 20  # incidents of what is found at once; a message may be a listed word ten thousand times
SAID_CHARS = 2000  # of a report's or an appeal's words; what is longer is cut


def identity(message: UUID, where: str, rule: int, start: int) -> UUID:
    """The id of the incident that a finding is. The same finding has the same one, whoever finds it again."""
    return uuid5(message, f"{where} {rule} {start}")


def record(
    findings: Iterable[Finding],
    *,
    where: str,
    user_id: int | None,
    conversation: UUID | None,
    message: UUID,
    model: str = "",
) -> list[UUID]:
    """Keep the first findings of each rule as incidents, once.

    Returns their ids, those kept before too, in the findings' order.
    """
    found = list(_first_of_each_rule(findings))
    if not found:
        return []
    names = dict(Rule.objects.filter(pk__in={one.rule for one in found}).values_list("pk", "name"))
    person = _name_of(user_id)
    rows = [
        Incident(
            id=identity(message, where, one.rule, one.start),
            where=Where(where),
            rule=one.rule,
            rule_name=names.get(one.rule, ""),
            action=one.action.value,
            dry_run=one.dry_run,
            user_id=user_id if person else None,
            user_name=person,
            conversation=conversation,
            message=message,
            model=model,
            start=one.start,
            end=one.end,
            excerpt=one.excerpt.replace("\x00", "\N{REPLACEMENT CHARACTER}"),  # PostgreSQL stores no NUL
        )
        for one in found
    ]
    _keep(rows)
    return [row.pk for row in rows]


def blocked_lately(user_id: int) -> int:
    """How many messages of this person rules have blocked in the last minute."""
    lately = Incident.objects.filter(user_id=user_id, at__gt=Now() - timedelta(minutes=1), where=Where.PROMPT)
    found: int = lately.filter(action="block", dry_run=False).aggregate(n=Count("message", distinct=True))["n"]
    return found


def report(
    user: AbstractBaseUser, *, conversation: UUID | None, message: UUID, reason: str, note: str = "", model: str = ""
) -> Incident:
    """A person says that a reply should be looked at; saying it again changes nothing. ``reason`` is one of Reason's.

    The caller knows that the message is a reply this person may read. Raises ValueError for another reason.
    """
    row = Incident(
        id=uuid5(message, f"report {user.pk}"),
        where=Where.REPLY,
        user_id=user.pk,
        user_name=user.get_username(),
        conversation=conversation,
        message=message,
        model=model,
        reason=Reason(reason),
        said=_said(note),
    )
    _keep([row])
    return Incident.objects.get(pk=row.pk)


def appeal(user: AbstractBaseUser, incident_id: UUID, text: str) -> Incident:
    """The person asks for a block to be looked at again; once. A second time changes nothing.

    Raises Incident.DoesNotExist unless it is a block of theirs, and ValueError when they say nothing.
    """
    said = _said(text)
    if not said:
        raise ValueError("an appeal without words")
    incident = Incident.objects.of_person(user).get(pk=incident_id, action="block", dry_run=False)
    Incident.objects.filter(pk=incident.pk, appealed_at=None).update(appeal=said, appealed_at=Now())
    incident.refresh_from_db()
    return incident


def _first_of_each_rule(findings: Iterable[Finding]) -> Iterator[Finding]:
    number: Counter[int] = Counter()
    for one in findings:
        number[one.rule] += 1
        if number[one.rule] <= MOST_OF_A_RULE:
            yield one


def _keep(rows: Sequence[Incident]) -> None:
    Incident.objects.bulk_create(rows, ignore_conflicts=True)


def _name_of(user_id: int | None) -> str:
    """Empty for one who is gone: the incident is kept without them."""
    people = get_user_model()._default_manager.filter(pk=user_id or 0)
    return people.values_list(get_user_model().USERNAME_FIELD, flat=True).first() or ""


def _said(text: str) -> str:
    return text.strip()[:SAID_CHARS].replace("\x00", "\N{REPLACEMENT CHARACTER}")

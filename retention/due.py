"""What the rules say is due: of each person by the one rule that holds for them, never of one under a legal hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from accounts.models import User
from audit import holds
from conversations.models import Conversation, Message, Share
from moderation.models import Decision, Incident
from retention.models import Rule

What = Rule.What


@dataclass(frozen=True, slots=True)
class Kind:
    """Rows of one kind: whose they are and since when they are as they are, by the names of their fields."""

    rows: "QuerySet[Any]"
    whose: str
    since: str


def kind(what: str) -> Kind:
    chats = Conversation.objects.filter(kind=Conversation.Kind.CHAT, gone_at=None)
    if what == What.CHAT:
        return Kind(chats.filter(trashed_at=None, archived_at=None, pinned_at=None), "owner", "updated_at")
    if what == What.ARCHIVED:
        return Kind(chats.filter(trashed_at=None), "owner", "archived_at")
    if what == What.TRASH:
        return Kind(chats, "owner", "trashed_at")
    if what == What.SHARE:
        return Kind(Share.objects.all(), "owner", "created_at")
    return Kind(Incident.objects.exclude(state=Decision.OPEN), "user", "decided_at")


def due(what: str, rules: Sequence[Rule]) -> "QuerySet[Any]":
    """The rows that these rules would delete now, the oldest first."""
    of = kind(what)
    rules = [rule for rule in rules if rule.what == what]
    old = Q(pk__in=[])
    for rule in rules:
        if rule.days is not None:
            age = Q(**{f"{of.since}__lt": Now() - timedelta(days=rule.days)})
            old |= age & _of(rule, rules, of.whose)
    free = Q(**{f"{of.whose}__in": holds.people()})
    return of.rows.filter(old).exclude(free).order_by(of.since, "pk")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would delete today."""

    rows: int
    messages: int
    people: int
    held: int  # rows that are kept because of legal holds


def preview(rule: Rule) -> Preview:
    """As if the rule were on, beside those that are."""
    others = Rule.objects.filter(is_on=True).exclude(pk=rule.pk)
    rules = [*others, rule]
    of = kind(rule.what)
    mine = _of(rule, [one for one in rules if one.what == rule.what], of.whose)
    rows = due(rule.what, rules).filter(mine)
    older = Q(**{f"{of.since}__lt": Now() - timedelta(days=rule.days)}) if rule.days else Q(pk__in=[])
    chats: Any = rows.order_by().values("pk") if of.rows.model is Conversation else []
    return Preview(
        rows=rows.count(),
        messages=Message.objects.filter(conversation__in=chats).count(),
        people=rows.order_by().values(of.whose).distinct().count(),
        held=of.rows.filter(older & mine & Q(**{f"{of.whose}__in": holds.people()})).count(),
    )


def _of(rule: Rule, rules: Iterable[Rule], whose: str) -> Q:
    """Rows of those people for whom it is this rule that holds."""
    if rule.user_id:
        return Q(**{whose: rule.user_id})
    own = Q(**{f"{whose}__in": [one.user_id for one in rules if one.user_id]})
    stronger = [one.group_id for one in rules if one.group_id and (not rule.group_id or _keeps_longer(one, rule))]
    theirs = Q(**{f"{whose}__in": _members(stronger)})
    if rule.group_id:
        return Q(**{f"{whose}__in": _members([rule.group_id])}) & ~own & ~theirs
    return ~own & ~theirs


def _keeps_longer(one: Rule, other: Rule) -> bool:
    """Of two that keep equally long, the older counts."""
    if one.pk == other.pk:
        return False
    mine, its = _age(one), _age(other)
    return mine > its or (mine == its and (one.pk or 0) < (other.pk or 0))


def _age(rule: Rule) -> float:
    return float("inf") if rule.days is None else rule.days


def _members(groups: Sequence[Any]) -> Any:
    return User.objects.filter(groups__in=groups).values("pk")

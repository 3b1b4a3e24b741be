"""Finds conversations of one person: those whose titles have the words, then those where they were said most recently.

A frequent word is in many thousands of messages, of which the newest are wanted. So the newest weeks are read first,
and if they have too few, all time, in which a rare word has few; only for what is neither, week after week, twice as
many each time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation, IndexEntry
from conversations.search import index
from conversations.search.query import Query
from conversations.search.stores import FOREVER, Found, Wanted, store
from conversations.states import State

MOST = 500  # messages, and titles, that are looked at: more is no help
NARROW = 200  # conversations that are named to the index; more of them are not rare enough to matter
WEEKS, MOST_WEEKS = 2, 64  # read at once, first and at most
PAGE = 20  # conversations
SHOWN = 3  # messages of each


class Where:
    """Which of a person's conversations."""

    ALL, PINNED, ARCHIVED, TRASH = "all", "pinned", "archived", "trash"
    FILTERS: ClassVar[dict[str, dict[str, Any]]] = {
        ALL: {"trashed_at": None},
        PINNED: {"trashed_at": None, "pinned_at__isnull": False},
        ARCHIVED: {"trashed_at": None, "archived_at__isnull": False},
        TRASH: {"trashed_at__isnull": False},
    }


@dataclass(frozen=True, slots=True)
class Filters:
    """None and "" let everything through. ``since`` <= the time of a message < ``until``."""

    role: str = ""
    model: str = ""
    since: datetime | None = None
    until: datetime | None = None
    where: str = Where.ALL
    folder: int | None = None
    tag: int | None = None

    def conversations(self, user: User) -> QuerySet[Conversation]:
        return Conversation.objects.visible_to(user).filter(self.condition())

    def condition(self, before: str = "") -> Q:
        """On a conversation, or on rows that reach it by this name: a subquery would read all of a person's."""
        wanted = dict(Where.FILTERS[self.where])
        wanted |= {"folder": self.folder} if self.folder else {}
        wanted |= {"tags": self.tag} if self.tag else {}
        return Q(**{f"{before}{name}": value for name, value in wanted.items()})

    @property
    def are_narrow(self) -> bool:
        return bool(self.folder or self.tag or self.where != Where.ALL)


@dataclass(slots=True)
class Group:
    """A conversation, and those of its messages that were found, newest first."""

    conversation: UUID
    has_title: bool = False
    messages: list[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Result:
    """``is_all``: there are no more than these."""

    groups: list[Group]
    is_all: bool


def find(user: User, query: Query, filters: Filters) -> Result:
    groups: dict[UUID, Group] = {}
    titles = _titles(user, query, filters)
    for pk in titles:
        groups[pk] = Group(pk, has_title=True)
    messages = _messages(user, query, filters)
    for conversation, message in messages:
        groups.setdefault(conversation, Group(conversation)).messages.append(message)
    return Result(list(groups.values()), is_all=len(messages) < MOST and len(titles) < MOST)


def has_replies_of(user: User, model: str) -> bool:
    return bool(store().find(Wanted("", (), [[index.of_model(user.pk, model)]]), 1, newest=False))


def _titles(user: User, query: Query, filters: Filters) -> list[UUID]:
    """The conversation that was last written in comes first."""
    if filters.role or filters.model:
        return []
    labels = _labels(user, filters)
    if labels is None:
        return []
    wanted = Wanted(index.before_words(user.pk, of_titles=True), query.phrases, labels)
    entries = [one.entry for one in store().find(wanted, MOST, newest=True)]
    found = IndexEntry.objects.visible_to(user).filter(pk__in=entries).values_list("conversation", flat=True)
    rows = filters.conversations(user).filter(pk__in=list(found))
    rows = rows.filter(updated_at__gte=filters.since) if filters.since else rows
    rows = rows.filter(created_at__lt=filters.until) if filters.until else rows
    return list(rows.order_by("-updated_at").values_list("pk", flat=True))


def _messages(user: User, query: Query, filters: Filters) -> list[tuple[UUID, UUID]]:
    """The ids of conversations and messages."""
    labels = _labels(user, filters)
    if labels is None:
        return []
    since = index.milliseconds(filters.since) if filters.since else 0
    until = index.milliseconds(filters.until) if filters.until else FOREVER
    if until <= since:
        return []
    wanted = Wanted(index.before_words(user.pk), query.phrases, labels, since, until)
    found: list[tuple[UUID, UUID]] = []
    for some in _newest_first(user, wanted):
        found += _visible(user, filters, some)
        if len(found) >= MOST:
            break
    return found[:MOST]


def _labels(user: User, filters: Filters) -> list[list[str]] | None:
    """What the index can tell apart; None: nothing can be found."""
    labels = [[index.of_role(user.pk, filters.role)]] if filters.role else []
    if filters.model:
        labels.append([index.of_model(user.pk, filters.model)])
    if filters.are_narrow:
        ids = list(filters.conversations(user).values_list("pk", flat=True)[: NARROW + 1])
        if not ids:
            return None
        if len(ids) <= NARROW:
            labels.append([index.of_conversation(user.pk, pk) for pk in ids])
    return labels


def _visible(user: User, filters: Filters, found: list[Found]) -> list[tuple[UUID, UUID]]:
    """The index says where to look; the rows say what may be seen."""
    entries = IndexEntry.objects.visible_to(user).filter(pk__in=[one.entry for one in found])
    entries = entries.filter(filters.condition("conversation__")).exclude(message__state=State.BLOCKED)
    seen = {pk: ids for pk, *ids in entries.values_list("pk", "conversation", "message")}
    return [(seen[one.entry][0], seen[one.entry][1]) for one in found if one.entry in seen]


def _newest_first(user: User, wanted: Wanted) -> Iterator[list[Found]]:
    week, width, first = min(wanted.until, _soon()) // index.WEEK_MS, WEEKS, None
    while first is None or week >= first:
        yield from _of_weeks(user, wanted, range(max(0, week - width + 1), week + 1))
        week -= width
        if first is None:
            rest = replace(wanted, until=min(wanted.until, (week + 1) * index.WEEK_MS))
            found = store().find(rest, MOST + 1, newest=False)
            if len(found) <= MOST:
                yield sorted(found, reverse=True)
                return
            first = max(wanted.since, _began(user)) // index.WEEK_MS
        width = min(2 * width, MOST_WEEKS)


def _of_weeks(user: User, wanted: Wanted, weeks: range) -> Iterator[list[Found]]:
    part = replace(wanted, labels=[*wanted.labels, [index.of_week(user.pk, number) for number in weeks]])
    while True:
        found = store().find(part, MOST, newest=True)
        yield found
        if len(found) < MOST:
            return
        part = replace(part, until=found[-1].at)


def _soon() -> int:
    """Clocks of two machines may differ."""
    return index.milliseconds(timezone.now() + timedelta(days=1))


def _began(user: User) -> int:
    first = Conversation.objects.visible_to(user).aggregate(first=Min("created_at"))["first"]
    return index.milliseconds(first) if first else 0

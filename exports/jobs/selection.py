"""Which conversations leave: of whoever asks, with a right of others, or what was approved of everybody."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.search.everywhere import everywhere
from conversations.search.query import Query
from exports.forms.options import Options
from exports.outgoing import Outgoing, Whose

AT_ONCE = 500  # conversations that are named to the database


@dataclass(frozen=True, slots=True)
class Selection:
    """None, 0 and "" let everything through. Days are those of UTC; ``until`` is in it.

    ``people`` and ``groups``: whose, instead of the asking person's own; ``everyone``: of all people, but for what they
    deleted and a legal hold keeps. ``knowledge``: what reviewers approved, of everybody.
    """

    folder: int | None = None
    tag: int | None = None
    since: str = ""
    until: str = ""
    query: str = ""
    people: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    everyone: bool = False
    knowledge: bool = False

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Self:
        """From its plain values."""
        lists = {name: tuple(stored.get(name, ())) for name in ("people", "groups")}
        return cls(**{**stored, **lists})

    def chosen(self) -> dict[str, Any]:
        """As plain values, without what lets everything through."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def is_of_others(self) -> bool:
        return bool(self.people or self.groups or self.everyone)

    @property
    def has_withheld(self) -> bool:
        """Whether what others deleted, and a legal hold keeps, is in it."""
        return bool(self.people or self.groups)

    def outgoing(self, user: User, options: Options) -> Outgoing:
        """What of it may leave now. Raises Refused."""
        whose = Whose.EVERYONE if self.is_of_others else Whose.APPROVED if self.knowledge else Whose.OWN
        return Outgoing.of(user, whose, approved=options.reviewed)

    def whose(self) -> QuerySet[User]:
        """The people who are meant, where they are others."""
        if self.everyone:
            return User.objects.all()
        return User.objects.filter(Q(pk__in=self.people) | Q(groups__in=self.groups)).distinct()

    def parts(self, outgoing: Outgoing, options: Options) -> Iterator[QuerySet[Conversation]]:
        """All conversations that are meant, in the order of their ids, in as many parts as the database needs."""
        rows = self._rows(outgoing, options).order_by("pk")
        if not self.query:
            yield rows
            return
        found = sorted(self._found(outgoing.user))
        for begin in range(0, len(found), AT_ONCE):
            yield rows.filter(pk__in=found[begin : begin + AT_ONCE])

    def _rows(self, outgoing: Outgoing, options: Options) -> QuerySet[Conversation]:
        rows: QuerySet[Conversation] = outgoing.conversations().filter(trashed_at=None)
        rows = rows.filter(owner__in=self.whose().order_by().values("pk")) if self.is_of_others else rows
        rows = rows if self.has_withheld else rows.filter(gone_at=None)
        rows = rows.filter(folder=self.folder) if self.folder else rows
        rows = rows.filter(tags=self.tag) if self.tag else rows
        rows = rows.filter(updated_at__gte=_beginning(self.since)) if self.since else rows
        rows = rows.filter(created_at__lt=_beginning(self.until) + timedelta(days=1)) if self.until else rows
        wanted: dict[str, Any] = {"model": options.model} if options.model else {}
        wanted |= {"rating__value": options.rating} if options.rating else {}
        if wanted:
            rows = rows.filter(Exists(Message.objects.replies().filter(conversation=OuterRef("pk"), **wanted)))
        return rows

    def _found(self, user: User) -> set[UUID]:
        people: Sequence[User] = list(self.whose()) if self.is_of_others else [user]
        query = Query.parse(self.query)
        return set[UUID]().union(*(everywhere(person, query) for person in people))


def _beginning(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)

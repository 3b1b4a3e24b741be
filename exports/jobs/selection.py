"""Which conversations leave: of whoever asks, or, with a right and a reason, of others."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.search.everywhere import everywhere
from conversations.search.query import Query
from exports.forms.options import Options

MAY_TAKE = "audit.read_conversation"  # who may read what others wrote, where the site lets anybody
AT_ONCE = 500  # conversations that are named to the database


def may_take_others(user: User) -> bool:
    """Whether this person may export what others wrote."""
    return bool(settings.ADMINS_READ and user.is_active and user.has_perm(MAY_TAKE))


@dataclass(frozen=True, slots=True)
class Selection:
    """None, 0 and "" let everything through. Days are those of UTC; ``until`` is in it.

    ``people`` and ``groups``: whose, instead of the asking person's own.
    """

    folder: int | None = None
    tag: int | None = None
    since: str = ""
    until: str = ""
    query: str = ""
    people: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()

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
        return bool(self.people or self.groups)

    def whose(self) -> QuerySet[User]:
        """The people who are meant, where they are others."""
        return User.objects.filter(Q(pk__in=self.people) | Q(groups__in=self.groups)).distinct()

    def parts(self, user: User, options: Options) -> Iterator[QuerySet[Conversation]]:
        """All conversations that are meant, in the order of their ids, in as many parts as the database needs."""
        rows = self._rows(user, options).order_by("pk")
        if not self.query:
            yield rows
            return
        found = sorted(self._found(user))
        for begin in range(0, len(found), AT_ONCE):
            yield rows.filter(pk__in=found[begin : begin + AT_ONCE])

    def _rows(self, user: User, options: Options) -> QuerySet[Conversation]:
        rows = self._allowed(user).filter(trashed_at=None)
        rows = rows.filter(folder=self.folder) if self.folder else rows
        rows = rows.filter(tags=self.tag) if self.tag else rows
        rows = rows.filter(updated_at__gte=_beginning(self.since)) if self.since else rows
        rows = rows.filter(created_at__lt=_beginning(self.until) + timedelta(days=1)) if self.until else rows
        wanted: dict[str, Any] = {"model": options.model} if options.model else {}
        wanted |= {"rating__value": options.rating} if options.rating else {}
        if wanted:
            rows = rows.filter(Exists(Message.objects.replies().filter(conversation=OuterRef("pk"), **wanted)))
        return rows

    def _allowed(self, user: User) -> QuerySet[Conversation]:
        """What the person may take at all."""
        if not self.is_of_others:
            return Conversation.objects.visible_to(user)
        if not may_take_others(user):
            return Conversation.objects.none()
        whose = self.whose().order_by().values("pk")
        return Conversation.objects.filter(kind=Conversation.Kind.CHAT, owner__in=whose)

    def _found(self, user: User) -> set[UUID]:
        people: Sequence[User] = list(self.whose()) if self.is_of_others else [user]
        query = Query.parse(self.query)
        return set[UUID]().union(*(everywhere(person, query) for person in people))


def _beginning(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)

"""What the sidebar lists: a person's conversations, the newest first, a page at a time.

A page begins after a place, which is a time and an id: what is sent meanwhile moves to the top and shifts nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self, cast
from uuid import UUID

from django.db import connection
from django.db.models import CharField, F, Q, QuerySet, Value
from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from accounts.models import User
from conversations.frames import Malformed, identifier
from conversations.models import Conversation, Folder, Tag

PAGE = 50  # conversations shown at first, and with each "older"
MOST = 500  # in one answer
VIEWS = ("", "archive", "trash")


class Place(NamedTuple):
    """Of one conversation in a list. ``pk`` None: before all of that time."""

    time: datetime
    pk: UUID | None


@dataclass(frozen=True, slots=True)
class Shelf:
    """Which of a person's conversations are listed: a view, or those of a folder, or of a tag."""

    view: str = ""
    folder: Folder | None = None
    tag: Tag | None = None

    @classmethod
    def asked(cls, user: User, query: QueryDict) -> Self:
        """Raises Malformed, or DoesNotExist for a folder or tag of somebody else."""
        view, folder, tag = (query.get(name, "") for name in ("view", "folder", "tag"))
        if view not in VIEWS:
            raise Malformed("view must be archive or trash.")
        folders, tags = Folder.objects.visible_to(user), Tag.objects.visible_to(user)
        return cls(
            view,
            cast("Folder", folders.get(pk=_number(folder, "folder"))) if folder else None,
            cast("Tag", tags.get(pk=_number(tag, "tag"))) if tag else None,
        )

    @classmethod
    def shown(cls, user: User, query: QueryDict) -> Self:
        """The same for an address that a person may have typed, or kept: what is not there is the first view."""
        try:
            return cls.asked(user, query)
        except (Malformed, Folder.DoesNotExist, Tag.DoesNotExist):
            return cls()

    @property
    def key(self) -> str:
        """What they are ordered by, newest first."""
        return "trashed_at" if self.view == "trash" else "updated_at"

    @property
    def query(self) -> str:
        """What a link adds to show this list beside its conversation."""
        return f"?tag={self.tag.pk}" if self.tag else f"?view={self.view}" if self.view else ""

    def conversations(self, user: User) -> QuerySet[Conversation]:
        """All of them, each with ``listed_at``."""
        mine = Conversation.objects.visible_to(user).defer("instructions").annotate(listed_at=F(self.key))
        mine = mine.order_by(f"-{self.key}", "-pk")
        if self.view == "trash":
            return mine.filter(trashed_at__isnull=False)
        mine = mine.filter(trashed_at=None)
        if self.view == "archive":
            return mine.filter(archived_at__isnull=False)
        mine = mine.filter(archived_at=None)
        if self.tag:
            return mine.filter(tags=self.tag)
        return mine.filter(folder=self.folder, pinned_at=None)

    def page(self, user: User, before: Place | None = None, most: int = PAGE) -> tuple[list[Conversation], bool]:
        """So many after a place, or from the top; and whether there are more."""
        rows = self.conversations(user)
        if before:
            rows = rows.filter(_at_or_before(self.key, before)).exclude(_not_after(self.key, before))
        found = list(rows[: most + 1])
        return found[:most], len(found) > most

    def down_to(self, user: User, place: Place) -> int:
        """How many there are from the top down to a place, within what one answer may have."""
        return max(PAGE, self.conversations(user).exclude(_after(self.key, place))[:MOST].count())


def lists(user: User, shelf: Shelf, until: Place | None = None) -> dict[str, Any]:
    """For ``sidebar_lists.html``: the list, at least down to a place, and in the first view pins and folders."""
    most = shelf.down_to(user, until) if until else PAGE
    conversations, has_more = shelf.page(user, most=most)
    context = {"shelf": shelf, "conversations": conversations, "has_more": has_more}
    if shelf.view or shelf.tag:
        return context
    here = Conversation.objects.visible_to(user).filter(trashed_at=None, archived_at=None)
    pinned = here.filter(pinned_at__isnull=False).defer("instructions").order_by("-pinned_at", "pk")
    return {**context, "pinned": pinned.annotate(listed_at=F("updated_at")), "folders": Folder.objects.visible_to(user)}


def place(query: QueryDict, name: str) -> Place | None:
    """A place in the query: a time, and perhaps the id in ``<name>_id``. Raises Malformed."""
    if name not in query:
        return None
    pk = query.get(f"{name}_id")
    return Place(_time(str(query[name]), name), identifier(pk, f"{name}_id") if pk else None)


def _time(text: str, name: str) -> datetime:
    try:
        time = parse_datetime(text)
        if time and time.tzinfo:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Malformed(f"{name} must be a time such as 2026-01-31T12:00:00Z.")


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Malformed(f"{name} must be a number.")
    return int(text)


def _at_or_before(key: str, place: Place) -> Q:
    """What an index finds; of the place's own moment it may be too much."""
    return Q(**{f"{key}__lte": _stored(place.time)[-1]})


def _not_after(key: str, place: Place) -> Q:
    """Of the place's own moment, what does not come after it."""
    here = Q(**{f"{key}__in": _stored(place.time)})
    return here & Q(pk__gte=place.pk) if place.pk else here


def _after(key: str, place: Place) -> Q:
    stored = _stored(place.time)
    before = Q(**{f"{key}__lt": stored[0]})
    return before | Q(**{f"{key}__in": stored}, pk__lt=place.pk) if place.pk else before


def _stored(time: datetime) -> list[Any]:
    """As a row may have it, in order. SQLite keeps text: its clock writes three decimals, Django writes six or none."""
    if connection.vendor != "sqlite":
        return [time]
    texts = [f"{time:%Y-%m-%d %H:%M:%S}", f"{time:%Y-%m-%d %H:%M:%S.%f}"[:-3], f"{time:%Y-%m-%d %H:%M:%S.%f}"]
    least = 2 if time.microsecond % 1000 else 1 if time.microsecond else 0
    return [Value(text, output_field=CharField()) for text in texts[least:]]

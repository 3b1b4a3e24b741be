"""What a search asks for, as its address says it: ``q`` and filters."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self, TypeVar

from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from conversations.search.find import Filters, Where
from conversations.search.query import BadQuery, Query

T = TypeVar("T")
ROLES = ("", "user", "assistant")
MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class Asked:
    query: Query
    filters: Filters
    page: int

    @classmethod
    def read(cls, given: QueryDict) -> Self:
        """Raises BadQuery, which names what was wrong and what is allowed."""
        filters = Filters(
            role=_one_of(given, "role", ROLES),
            model=_value(given, "model", _short, _("the name of a model")) or "",
            since=_value(given, "since", _moment, _("a date such as 2026-01-31")),
            until=_value(given, "until", _end, _("a date such as 2026-01-31")),
            where=_one_of(given, "in", tuple(Where.FILTERS), Where.ALL),
            folder=_value(given, "folder", _number, _("a number")),
            tag=_value(given, "tag", _number, _("a number")),
        )
        page = _value(given, "page", _page, _("a number from 1 to {most}").format(most=MOST_PAGES)) or 1
        return cls(Query.parse(given.get("q", "")), filters, page)


def _value(given: QueryDict, name: str, read: Callable[[str], T], allowed: str) -> T | None:
    if not (text := given.get(name, "")):
        return None
    try:
        return read(text)
    except (ValueError, OverflowError) as error:
        raise BadQuery(_("“{name}” must be {allowed}.").format(name=name, allowed=allowed)) from error


def _one_of(given: QueryDict, name: str, allowed: tuple[str, ...], default: str = "") -> str:
    def known(text: str) -> str:
        return allowed[allowed.index(text)]

    words = _("one of: {words}").format(words=", ".join(filter(None, allowed)))
    return _value(given, name, known, words) or default


def _short(text: str) -> str:
    if len(text) > 100:
        raise ValueError(text)
    return text


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValueError(text)
    return int(text)


def _page(text: str) -> int:
    return range(1, MOST_PAGES + 1).index(_number(text)) + 1


def _moment(text: str) -> datetime:
    """A date is its beginning in UTC; a page says the moment in the person's own time."""
    day = parse_date(text)
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else parse_datetime(text)
    if moment is None or moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


def _end(text: str) -> datetime:
    """A date is all of its day."""
    return _moment(text) + timedelta(days=1) if len(text) == len("2026-01-31") else _moment(text)

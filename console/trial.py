"""What a rule would have found in the last days. Of what people wrote, only the words around a match are shown."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, Subquery
from django.utils import timezone

from conversations.models import Conversation, Message
from moderation.excerpts import excerpt, hide
from moderation.matcher import Match, Matcher
from moderation.models import Scope, Where

MOST_SECONDS = 4.0
MOST_MESSAGES = 20_000
MOST_SAMPLES = 20
CHUNK = 250


@dataclass(frozen=True, slots=True)
class Sample:
    at: datetime
    where: Where
    excerpt: str


@dataclass(slots=True)
class Trial:
    """``looked_at`` are the newest messages; ``complete`` when that is all there are of these days."""

    days: int
    shows_samples: bool = True
    looked_at: int = 0
    hit: int = 0  # messages
    matches: int = 0
    complete: bool = True
    since: datetime | None = None  # the oldest that was looked at
    people: set[int] = field(default_factory=set)
    samples: list[Sample] = field(default_factory=list)

    def add(self, row: "Row", matcher: Matcher) -> None:
        self.looked_at += 1
        self.since = row.at
        found = [(where, text, matcher.find(text)) for where, text in row.texts if text]
        if not any(matches for _where, _text, matches in found):
            return
        self.hit += 1
        self.people.add(row.person)
        for where, text, matches in found:
            self.matches += len(matches)
            if self.shows_samples:
                self._sample(row.at, where, text, matches)

    def _sample(self, at: datetime, where: Where, text: str, matches: list[Match]) -> None:
        hidden = hide(text, matches) if matches else ""
        for match in matches[: MOST_SAMPLES - len(self.samples)]:
            self.samples.append(Sample(at, where, excerpt(hidden, match.start, match.end)))


@dataclass(frozen=True, slots=True)
class Row:
    """A message, and whose conversation it is in."""

    at: datetime
    person: int
    texts: tuple[tuple[Where, str], ...]


def trial(
    matcher: Matcher,
    scope: str,
    days: int,
    *,
    shows_samples: bool = True,
    seconds: float = MOST_SECONDS,
    most: int = MOST_MESSAGES,
) -> Trial:
    """Look at the newest messages of the last days, until time or number is up. Without samples it only counts."""
    result = Trial(days, shows_samples)
    until = time.monotonic() + seconds
    for row in _rows(scope, timezone.now() - timedelta(days=days)):
        if result.looked_at >= most or time.monotonic() > until:
            result.complete = False
            break
        result.add(row, matcher)
    return result


def _rows(scope: str, since: datetime) -> Iterator[Row]:
    """The newest first, some at a time: no query reads more than it must. What programs sent is shown to nobody."""
    columns = ("created_at", "pk", "conversation__owner", "conversation__kind", "role", "text", "reasoning")
    rows = Message.objects.filter(created_at__gte=since).order_by("-created_at", "-pk").values_list(*columns)
    if scope != Scope.BOTH:
        rows = rows.filter(role=Message.Role.USER if scope == Scope.PROMPT else Message.Role.ASSISTANT)
    older = Q()
    while chunk := list(rows.filter(older)[:CHUNK]):
        for at, _pk, person, kind, role, text, reasoning in chunk:
            if kind == Conversation.Kind.API:  # asked here: as a condition it might be read before the newest rows
                continue
            own = role == Message.Role.USER
            texts = ((Where.PROMPT, text),) if own else ((Where.REASONING, reasoning), (Where.REPLY, text))
            yield Row(at, person, texts)
        older = _older_than(chunk[-1][1])


def _older_than(pk: UUID) -> Q:
    """Compared inside the database: SQLite writes times in more ways than one."""
    at = Subquery(Message.objects.filter(pk=pk).values("created_at"))
    return Q(created_at__lte=at) & (Q(created_at__lt=at) | Q(pk__lt=pk))

"""How the site does, in figures that cost little: sums of the ledger by day, and counts of what is open now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Count, F, Q, Sum
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.models import User
from console.fresh import Fresh
from console.recent import Hour, last_hour
from conversations.models import Message
from conversations.replies import queue
from conversations.states import State
from inference import presence, serving
from inference.events.client import blocking_client
from limits import tally
from limits.models import Restraint, Usage
from moderation.models import Incident

DAYS = 14
MOST = 1000  # counted exactly; more are "1000+"


@dataclass(frozen=True, slots=True)
class Day:
    """What was used on one day, UTC: replies asked for, by how many people, their tokens so far; what was refused."""

    day: date
    replies: int = 0
    people: int = 0
    tokens: int = 0
    incidents: int = 0
    refusals: int = 0


@dataclass(frozen=True, slots=True)
class Moment:
    """What is so now. ``workers`` and ``ready`` are None while Redis is away."""

    today: Day
    people: int  # with an account that may sign in
    open_incidents: int
    blocked: int  # messages that a rule refused today
    restrained: int
    writing: int
    waiting: int
    workers: int | None
    ready: int | None
    hour: Hour


@dataclass(frozen=True, slots=True)
class Fortnight:
    """The last days, oldest first, today last."""

    days: tuple[Day, ...]
    people_in_7: int


def _look_now() -> Moment:
    today = datetime.now(UTC).date()
    workers = _workers()
    unfinished = Message.objects.unfinished()
    blocked = Incident.objects.filter(at__gte=_begin(today), where="prompt", action="block", dry_run=False)
    restrained = Restraint.objects.filter(Q(until=None) | Q(until__gt=timezone.now()), lifted_at=None)
    models = set(serving.names()) | {worker.model for worker in workers or ()}
    return Moment(
        today=_days(today, today)[0],
        people=User.objects.filter(is_active=True).count(),
        open_incidents=Incident.objects.filter(state="open")[: MOST + 1].count(),
        blocked=blocked.values("message").distinct()[: MOST + 1].count(),
        restrained=restrained.values("user").distinct().count(),
        writing=unfinished.filter(state=State.WRITING, lease_until__isnull=False).count(),
        waiting=unfinished.filter(queue.FREE).count(),
        workers=None if workers is None else len(workers),
        ready=None if workers is None else sum(worker.state == "ready" for worker in workers),
        hour=last_hour(sorted(models)),
    )


def _look_back() -> Fortnight:
    today = datetime.now(UTC).date()
    week = Usage.objects.filter(day__gte=today - timedelta(days=6)).exclude(state=Usage.State.RELEASED)
    return Fortnight(
        days=_days(today - timedelta(days=DAYS - 1), today),
        people_in_7=week.values("user").distinct().count(),
    )


def _days(first: date, last: date) -> tuple[Day, ...]:
    """Each day from first to last, both included."""
    rows = Usage.objects.filter(day__range=(first, last)).exclude(state=Usage.State.RELEASED)
    sums = (
        rows.order_by()
        .values_list("day")
        .annotate(
            replies=Count("pk"),
            people=Count("user", distinct=True),
            tokens=Sum(F("prompt_tokens") + F("completion_tokens")),
        )
    )
    used = {day: (int(replies), int(people), int(tokens)) for day, replies, people, tokens in sums}
    found, refused = _incidents(first), tally.by_day(first, last)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return tuple(Day(day, *used.get(day, (0, 0, 0)), found.get(day, 0), refused.get(day, 0)) for day in days)


def _incidents(first: date) -> dict[date, int]:
    days = Incident.objects.filter(at__gte=_begin(first), dry_run=False).order_by()
    counted = days.values("at__date").annotate(number=Count("pk"))
    return {one["at__date"]: one["number"] for one in counted}


def _begin(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _workers() -> Sequence[presence.Presence] | None:
    try:
        return presence.engines(blocking_client())
    except RedisError:
        return None


now = Fresh(10.0, _look_now)
fortnight = Fresh(60.0, _look_back)

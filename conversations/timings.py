"""How long replies took as browsers saw them: each reply once, told by the page that sent, right after its end."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from accounts.models import User
from conversations import metrics
from conversations.models import Message, Timing
from conversations.states import State

LONGEST_MS = 3_600_000
RECENT = timedelta(minutes=10)  # since the reply ended; a page tells at once, or when it is connected again
KEPT = timedelta(days=30)
MEASURED = frozenset({State.COMPLETE, State.CUT})  # other ends say when somebody or something ended it


@dataclass(frozen=True, slots=True)
class Seen:
    """Milliseconds from the press of the button, by the browser's clock: 0 <= first <= complete <= LONGEST_MS."""

    reply: UUID
    first_ms: int
    complete_ms: int


def save(user: User, seen: Seen) -> bool:
    """Keep it; False when this reply has a timing already, or is none of those that are measured.

    Raises Message.DoesNotExist when the reply is not the user's.
    """
    reply = Message.objects.visible_to(user).replies().only("state").get(pk=seen.reply)
    measured = Message.objects.filter(pk=reply.pk, state__in=MEASURED, finished_at__gt=Now() - RECENT)
    if not measured.filter(timing=None).exists():
        return False
    try:
        with transaction.atomic():
            Timing.objects.create(reply=reply, first_ms=seen.first_ms, complete_ms=seen.complete_ms)
    except IntegrityError:  # told twice at one moment
        return False
    metrics.seen(seen.first_ms, seen.complete_ms)
    return True


def forget() -> int:
    """Remove what is older than ``KEPT``; how many there were."""
    removed, _ = Timing.objects.filter(at__lt=Now() - KEPT).delete()
    return removed

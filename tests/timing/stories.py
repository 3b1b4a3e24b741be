"""Short ways to say how long a reply took."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models.functions import Now

from accounts.models import User
from conversations import timings
from conversations.models import Message, Timing
from conversations.timings import Seen
from tests.conversations.talk import say, settle


def answered(user: User, *, ago_s: float = 0, took_s: float = 1, **more: Any) -> UUID:
    """A reply that ended so many seconds ago and had taken so long."""
    reply = settle(say(user))
    end = Now() - timedelta(seconds=ago_s)
    begin = Now() - timedelta(seconds=ago_s + took_s)
    Message.objects.filter(pk=reply.pk).update(**{"created_at": begin, "finished_at": end, **more})
    return reply.pk


def told(user: User, reply: UUID, first_ms: int = 400, complete_ms: int = 1500) -> bool:
    return timings.save(user, Seen(reply, first_ms, complete_ms))


def kept() -> list[tuple[int, int]]:
    return list(Timing.objects.order_by("pk").values_list("first_ms", "complete_ms"))

"""A person's sessions: on which devices they are signed in, and the ending of one, of the others, or of all."""

import time
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.http import HttpRequest
from django.utils import timezone

from accounts.addresses import address
from accounts.devices import device
from accounts.models import User, sessions_ended
from audit.log import record
from limits import restraints
from limits.models import Restraint

NOTED_EVERY_S = 300.0  # that a session is in use, by each process
MOST_NOTED = 10_000
AT_ONCE = 1_000  # sessions in one statement: others write meanwhile
NEW = timedelta(hours=1)  # of a row in the list whose session may not be saved yet

_noted: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class Shown:
    """One session as its owner sees it."""

    row: UserSession
    device: str
    is_this: bool


def shown(request: HttpRequest) -> list[Shown]:
    """Those of the person who asks, the one they ask with first, then those seen last."""
    rows = UserSession.objects.purge_and_list(request.user)
    here = request.session.session_key
    rows.sort(key=lambda row: (row.session_key == here, row.last_seen_at), reverse=True)
    return [Shown(row, device(row.user_agent), row.session_key == here) for row in rows]


def end(user: User, rows: Any) -> int:
    """End these sessions of theirs, at once; how many there were."""
    ended = list(rows)
    with transaction.atomic():
        for row in ended:
            row.end()
        if ended:
            record("sessions.ended", actor=user, subject=user, details={"sessions": len(ended)})
            transaction.on_commit(partial(sessions_ended.send_robust, sender=User, user_id=user.pk, stops=False))
    return len(ended)


def end_all(user: User, *, stops: bool) -> None:
    """End every session there is, listed or not. ``stops`` also ends the replies that are being written."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(session_generation=F("session_generation") + 1)
        for row in UserSession.objects.filter(user=user):
            row.end()
        transaction.on_commit(partial(sessions_ended.send_robust, sender=User, user_id=user.pk, stops=stops))


def forget() -> int:
    """Remove sessions that have expired, and the lists' rows of those that are gone; how many sessions it were."""
    now, count = timezone.now(), 0
    expired = Session.objects.filter(expire_date__lt=now).values_list("pk", flat=True)
    while keys := list(expired[:AT_ONCE]):
        count += Session.objects.filter(pk__in=keys).delete()[0]
    there = Session.objects.filter(pk=OuterRef("session_key"))
    UserSession.objects.filter(~Exists(there), last_seen_at__lt=now - NEW).delete()
    return count


def is_suspended(user: Any) -> bool:
    return any(one.kind == Restraint.Kind.SUSPEND for one in restraints.now_on(user.pk))


def note_use(request: HttpRequest) -> None:
    """Write down when and from where the session was last in use."""
    UserSession.objects.filter(session_key=request.session.session_key).update(
        last_seen_at=timezone.now(),
        ip=address(request) or "0.0.0.0",  # noqa: S104 - no address to listen at
    )


def is_due(request: HttpRequest) -> bool:
    """Whether the use of the session is to be written down again. A yes counts as done."""
    key = request.session.session_key if request.session.accessed else None
    now = time.monotonic()
    if not key or now - _noted.get(key, -NOTED_EVERY_S) < NOTED_EVERY_S:
        return False
    if len(_noted) >= MOST_NOTED:
        _noted.clear()
    _noted[key] = now
    return True


def on_suspended(user: User, **more: Any) -> None:
    end_all(user, stops=True)

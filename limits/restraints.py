"""Slowing and suspending a person. It counts from the next message on, whatever page or key it is sent with."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.dispatch import Signal

from audit import log as audit
from limits.models import Restraint

suspended = Signal()  # ``user``; inside the transaction that does it, before the audit log is held

_ACTIONS = {Restraint.Kind.SLOW: "person.slowed", Restraint.Kind.SUSPEND: "person.suspended"}


def slow(user: Any, until: datetime | None, reason: str, by: Any = None) -> Restraint:
    """One message a minute until then; None: until it is lifted. ``by`` is None when a rule of the site did it."""
    return _restrain(Restraint.Kind.SLOW, user, until, reason, by)


def suspend(user: Any, until: datetime | None, reason: str, by: Any = None) -> Restraint:
    """No message, no session and no key until then; None: until it is lifted."""
    return _restrain(Restraint.Kind.SUSPEND, user, until, reason, by)


@transaction.atomic
def lift(user: Any, by: Any = None, *, kind: str = "") -> int:
    """End what holds for a person, or only one kind of it; how many there were."""
    rows = _current(user.pk).filter(**({"kind": kind} if kind else {}))
    lifted = rows.update(lifted_at=Now(), lifted_by=by)
    if lifted:
        audit.record("person.restored", actor=by, subject=user, details={"restraints": lifted})
    return lifted


def now_on(user_id: int) -> list[Restraint]:
    """What holds for a person now: suspensions first, of each kind what lasts longest first."""
    return list(_current(user_id).order_by("-kind", F("until").desc(nulls_first=True)))


def _current(user_id: int) -> QuerySet[Restraint]:
    return Restraint.objects.filter(Q(until=None) | Q(until__gt=Now()), user=user_id, lifted_at=None)


@transaction.atomic
def _restrain(kind: Restraint.Kind, user: Any, until: datetime | None, reason: str, by: Any) -> Restraint:
    restraint = Restraint.objects.create(kind=kind, user=user, until=until, reason=reason, by=by)
    if kind == Restraint.Kind.SUSPEND:
        suspended.send(Restraint, user=user)
    audit.record(_ACTIONS[kind], actor=by, subject=user, details={"restraint": restraint.pk, "until": until})
    return restraint

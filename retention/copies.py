"""A copy of all that a person has here: asked for, made in the background, for nobody else.

It is kept for some days, or until the next one is there: nobody fills the disk with copies.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from audit.log import record
from retention import belongings
from retention.models import DataCopy

State = DataCopy.State
OPEN = (State.WAITING, State.RUNNING)
STUCK = timedelta(hours=1)  # whoever made it is gone

log = logging.getLogger(__name__)


@transaction.atomic
def ask(user: User) -> DataCopy:
    """One at a time: while one is waited for, it is that one."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    waiting = DataCopy.objects.visible_to(user).filter(state__in=OPEN).first()
    if waiting:
        return waiting
    copy = DataCopy.objects.create(owner=user)
    record("data_copy.asked", actor=user, subject=copy)
    return copy


def make(pk: UUID) -> bool:
    """Make it, if nobody else does; whether it is there now."""
    free = DataCopy.objects.filter(Q(state=State.WAITING) | Q(state=State.RUNNING, started_at__lt=Now() - STUCK), pk=pk)
    if not free.update(state=State.RUNNING, started_at=Now()):
        return False
    copy = DataCopy.objects.select_related("owner").get(pk=pk)
    part = copy.path.with_suffix(f".{copy.started_at:%H%M%S%f}.part")
    try:
        copy.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.touch(mode=0o600)
        belongings.write(copy.owner, part)
        part.rename(copy.path)
    except Exception:  # whatever it is, the person must see that it failed, not wait for ever
        log.exception("The copy %s of a person's data was not made.", pk)
        DataCopy.objects.filter(pk=pk, state=State.RUNNING).update(state=State.FAILED)
        return False
    finally:
        part.unlink(missing_ok=True)
    until = timezone.now() + timedelta(hours=settings.COPY_HOURS)
    kept = DataCopy.objects.filter(pk=pk, state=State.RUNNING)
    if not kept.update(state=State.DONE, expires_at=until, size=copy.path.stat().st_size):
        if not DataCopy.objects.filter(pk=pk).exists():  # its person left meanwhile; else another made it, too
            copy.remove_files()
        return False
    _remove(DataCopy.objects.visible_to(copy.owner).filter(state=State.DONE).exclude(pk=pk))
    return True


def make_waiting() -> int:
    """Those that nobody began, or whose maker is gone."""
    return sum(make(pk) for pk in list(DataCopy.objects.filter(state__in=OPEN).values_list("pk", flat=True)))


def expire() -> int:
    """Remove those whose time is up; how many."""
    over = Q(expires_at__lt=Now()) | Q(state=State.FAILED, started_at__lt=Now() - STUCK)
    return _remove(DataCopy.objects.filter(over))


def _remove(copies: Iterable[DataCopy]) -> int:
    gone = 0
    for copy in copies:
        copy.remove_files()
        copy.delete()
        gone += 1
    return gone

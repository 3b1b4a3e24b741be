"""What was made is deleted when its time is over, and what nobody knows of is not left lying."""

import time
from collections.abc import Collection
from datetime import timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now

from conversations.models import Conversation, Message
from exports.jobs.changes import read_known
from exports.jobs.held import State
from exports.jobs.selection import Selection
from exports.models import ExportJob, folder

ROWS_KEPT = timedelta(days=400)  # with what was in an export: so long may a follower stay away
STRAY_S = 24 * 3600
AT_ONCE = 100  # conversations that are looked for
WRITTEN = Q(state=State.DONE) | (Q(state=State.RUNNING) & ~Q(root=""))  # all that it tells is known


def expire() -> int:
    """Delete results whose time is over; how many. What was in them stays known: the next update tells what is gone."""
    over = list(ExportJob.objects.filter(state=State.DONE, expires_at__lte=Now()))
    for job in over:
        ExportJob.objects.filter(pk=job.pk, state=State.DONE).update(state=State.EXPIRED)
        job.result.unlink(missing_ok=True)
    return len(over)


def withdraw(conversations: Collection[UUID]) -> int:
    """Delete results that tell any of these, which are deleted or no longer what they were; how many."""
    asked = set(map(str, conversations))
    for job in ExportJob.objects.filter(WRITTEN):
        if _tells(job, asked):
            end_soon(job)
    return expire()


def end_soon(job: ExportJob) -> None:
    """Its time is over, be it done or about to be: ``expire`` deletes it."""
    ExportJob.objects.filter(WRITTEN, pk=job.pk, attempt=job.attempt).update(expires_at=Now())


def tells_what_is_gone(job: ExportJob) -> bool:
    """Whether something that is in it was deleted since it was read. Of what is deleted later, ``withdraw`` hears."""
    there_still = Q(gone_at=None)
    if Selection.of(job.selection).has_withheld:
        there_still |= ~Q(owner=job.owner)
    with job.known.open("rb") as file:
        rows = read_known(file)
        while some := list(islice(rows, AT_ONCE)):
            ids = [row["conversation"] for row in some]
            there = Conversation.objects.filter(there_still, pk__in=ids)
            messages = Message.objects.filter(conversation__in=there).values_list("pk", flat=True)
            left = set(map(str, messages.iterator()))
            if there.count() < len(ids) or any(not left.issuperset(row["messages"]) for row in some):
                return True
    return False


def forget() -> None:
    """Remove rows that have been over for long, and files that belong to none."""
    ExportJob.objects.filter(finished_at__lt=Now() - ROWS_KEPT).delete()
    rows = ExportJob.objects.filter(state__in=(State.RUNNING, State.DONE, State.EXPIRED)).only("id", "attempt")
    known = {path for job in rows.iterator() for path in job.files}
    long_ago = time.time() - STRAY_S
    for path in folder().iterdir():
        if path not in known and _is_ours(path) and path.stat().st_mtime < long_ago:
            path.unlink(missing_ok=True)


def _tells(job: ExportJob, asked: Collection[str]) -> bool:
    """A file of which it is not known what is in it might."""
    try:
        with job.known.open("rb") as file:
            return any(row["conversation"] in asked for row in read_known(file))
    except FileNotFoundError:
        return True


def _is_ours(path: Path) -> bool:
    try:
        UUID(path.name[:36])
    except ValueError:
        return False
    return True

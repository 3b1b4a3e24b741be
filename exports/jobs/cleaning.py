"""What was made is deleted when its time is over, and what nobody knows of is not left lying."""

import time
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.db.models.functions import Now

from exports.jobs.changes import read_known
from exports.jobs.held import State
from exports.models import ExportJob, folder

ROWS_KEPT = timedelta(days=400)  # with what was in an export: so long may a follower stay away
STRAY_S = 24 * 3600


def expire() -> int:
    """Delete results whose time is over; how many."""
    return sum(map(_end, ExportJob.objects.filter(state=State.DONE, expires_at__lt=Now())))


def withdraw(conversations: Collection[UUID]) -> int:
    """Delete results that tell any of these, which are deleted or no longer what they were; how many."""
    asked = set(map(str, conversations))
    return sum(_end(job) for job in ExportJob.objects.filter(state=State.DONE) if _tells(job, asked))


def forget() -> None:
    """Remove rows that have been over for long, and files that belong to none."""
    ExportJob.objects.filter(finished_at__lt=Now() - ROWS_KEPT).delete()
    known = {
        path
        for job in ExportJob.objects.exclude(state=State.WAITING).only("id", "attempt").iterator()
        for path in (job.result, job.known)
    }
    long_ago = time.time() - STRAY_S
    for path in folder().iterdir():
        if path not in known and _is_ours(path) and path.stat().st_mtime < long_ago:
            path.unlink(missing_ok=True)


def _end(job: ExportJob) -> int:
    """What was in it stays known, by ids: the next update tells what is gone."""
    ended = ExportJob.objects.filter(pk=job.pk, state=State.DONE).update(state=State.EXPIRED)
    job.result.unlink(missing_ok=True)
    return ended


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

"""Makes the exports that wait: one after another, each by whoever claims it, with files that only the site can read."""

import logging
import os
import traceback
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db.models.functions import Coalesce, Now

from conversations.refusals import Refused
from exports.forms import form
from exports.forms.options import Options
from exports.jobs import cleaning, destinations, problems
from exports.jobs.archive import Archive
from exports.jobs.changes import Changes
from exports.jobs.held import Cancelled, Held, Lost, State, claim
from exports.jobs.selection import Selection
from exports.models import ExportJob
from exports.reading import records
from exports.records import Record

DELETIONS = "deletions.jsonl"
FRAMES = 6  # of an error, that are logged

log = logging.getLogger(__name__)


def make_waiting() -> int:
    """Make all that wait; how many it were."""
    made = 0
    while job := claim():
        make(job)
        made += 1
    return made


def make(job: ExportJob) -> None:
    """Make one that was claimed. How it ended is in its row."""
    held = Held(job)
    try:
        _remove(ExportJob(pk=job.pk, attempt=job.attempt - 1))  # of an attempt that was killed
        _write(job, held)
        if cleaning.tells_what_is_gone(job):
            cleaning.end_soon(job)
        problem = destinations.deliver(job, held)
        usual = Now() + timedelta(days=settings.EXPORT_DAYS)
        held.say(state=State.DONE, finished_at=Now(), expires_at=Coalesce("expires_at", usual), **problem)
    except Exception as error:  # noqa: BLE001 - the outer edge: whatever it was, the row says so
        _end(job, held, error)
    else:
        cleaning.expire()


def _end(job: ExportJob, held: Held, error: Exception) -> None:
    _remove(job)
    state, problem = State.FAILED, problems.FAULT
    if isinstance(error, Lost):
        return
    if isinstance(error, Cancelled):
        state, problem = State.CANCELLED, ""
    elif isinstance(error, Refused):  # rights and policy are those of now, not of when it was asked for
        problem = problems.POLICY if error.code == "may_not_export" else problems.RIGHTS
    elif isinstance(error, OSError):
        problem = problems.DISK
    if problem:  # not the error's own words: they might be what people wrote
        log.error("Export %s failed: %s, %s", job.pk, type(error).__name__, " < ".join(_where(error)))
    try:
        held.say(state=state, problem=problem, finished_at=Now())
    except Lost:
        log.info("Export %s is another's now, or was deleted.", job.pk)


def _where(error: Exception) -> list[str]:
    """The innermost lines."""
    frames = traceback.extract_tb(error.__traceback__)[: -FRAMES - 1 : -1]
    return [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]


def _write(job: ExportJob, held: Held) -> None:
    selection, options = Selection.of(job.selection), Options(**job.options)
    outgoing = selection.outgoing(job.owner, options)
    parts = list(selection.parts(outgoing, options))
    held.say(total=sum(part.count() for part in parts))
    made = {"form": job.form, "options": options.chosen()}
    with ExitStack() as stack:
        now = stack.enter_context(_private(job.known))
        before = stack.enter_context(job.since.known.open("rb")) if job.since and job.since.known.exists() else None
        archive = stack.enter_context(Archive(job.result, _about(job), made))
        found = chain.from_iterable(records(job.owner, part, named=options.named, outgoing=outgoing) for part in parts)
        gone = archive.aside(DELETIONS) if before else None
        changed = Changes(before, now, gone).of(_wanted(held.over(found), options))
        form(job.form).write(_counted(changed, archive, options), archive, options)
    held.say(
        conversations=archive.conversations,
        messages=archive.messages,
        root=archive.root,
        size=job.result.stat().st_size,
        is_update=before is not None,
    )


def _wanted(found: Iterable[Record], options: Options) -> Iterator[Record]:
    """Those with a reply that is asked for; all, where none is."""
    for record in found:
        if not options.chooses or any(options.takes(item) for item in record.messages if item.role == "assistant"):
            yield record


def _counted(found: Iterable[Record], archive: Archive, options: Options) -> Iterator[Record]:
    for record in found:
        archive.count(record.id, record.messages if options.whole else record.branch())
        yield record


def _about(job: ExportJob) -> dict[str, object]:
    """What differs from run to run."""
    return {
        "job": job.pk,
        "asked_by": job.owner.get_username(),
        "made_at": job.started_at.isoformat() if job.started_at else "",
        "selection": job.selection,
        "since": job.since_id,
    }


def _private(path: Path) -> BinaryIO:
    """A new file that others cannot read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _remove(job: ExportJob) -> None:
    for path in job.files:
        path.unlink(missing_ok=True)

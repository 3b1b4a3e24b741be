"""The verbs of an import: bring a file, say yes to what is in it, cancel. And the worker's side: read what waits."""

import logging
import os
import time
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.core.files import File
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.log import record
from conversations.refusals import Refused
from exports.imports.bounds import MB, Bounds
from exports.imports.fields import line
from exports.imports.refusals import Unreadable
from exports.imports.reports import Report
from exports.imports.rows import OPEN, Import, folder
from exports.imports.running import bring_in
from exports.jobs import problems
from limits import restraints
from limits.models import Restraint

LEASE = timedelta(seconds=60)
BEAT_S = 1.0
MOST_ATTEMPTS = 3
UNCONFIRMED = timedelta(days=1)  # then the file goes
KEPT = timedelta(days=30)  # the report

State = Import.State
log = logging.getLogger(__name__)


class Cancelled(Exception):  # noqa: N818 - not a fault
    """Its owner wants it no more, or another process has it."""


def bring(
    user: User,
    file: "File[bytes]",
    source: str,
    then: Callable[[], Any],
    *,
    dry: bool = True,
    pk: UUID | None = None,
) -> Import:
    """Keep a file until it is read; ``then`` calls for a worker. Raises Refused.

    ``dry``: it is looked at first, and imported when its owner says so.
    """
    if any(one.kind == Restraint.Kind.SUSPEND for one in restraints.now_on(user.pk)):
        raise Refused("suspended", _("You cannot import anything at present: your account is suspended."))
    allowed = Bounds.of_site().file
    if file.size > allowed:
        raise Refused("too_large", str(Unreadable("too_large", allowed=allowed // MB)), allowed)
    for old in Import.objects.visible_to(user).filter(state=State.READY):
        _end(old, State.CANCELLED)
    row = Import(pk=pk or uuid4(), owner=user, name=line(file.name, 120), size=file.size, source=source, dry=dry)
    part = folder() / f"{uuid4()}.part"  # of its own: two may bring the same at once
    try:
        _write(part, file)
        with transaction.atomic():
            row.save(force_insert=True)
            part.replace(row.path)
    except OSError as error:
        log.error("%s could not be kept: %s", row, error.strerror)
        raise Refused(problems.DISK, problems.sentence(problems.DISK)) from error
    except IntegrityError as error:
        raise Refused("busy", _("A file of yours is being read. Wait for it, or cancel it.")) from error
    finally:
        part.unlink(missing_ok=True)
    transaction.on_commit(then)
    return row


def confirm(user: User, pk: UUID, then: Callable[[], Any]) -> None:
    """Import what was found. Done again, it changes nothing. Raises Import.DoesNotExist for one that is not theirs."""
    row = Import.objects.visible_to(user).get(pk=pk)
    waiting = {"state": State.WAITING, "dry": False, "attempt": 0, "told": None}
    if Import.objects.filter(pk=row.pk, state=State.READY, dry=True).update(**waiting):
        transaction.on_commit(then)


def cancel(user: User, pk: UUID) -> None:
    """Its file goes; what was imported before stays. Raises Import.DoesNotExist for one that is not theirs."""
    row = Import.objects.visible_to(user).get(pk=pk)
    if not _end(row, State.CANCELLED, among=(State.WAITING, State.READY)):
        Import.objects.filter(pk=row.pk, state=State.RUNNING).update(cancel_requested=True)


def read_waiting() -> int:
    """Read all that wait; how many it were."""
    count = 0
    while row := _claimed():
        _read(row)
        count += 1
    return count


def forget() -> None:
    """Files that nobody confirmed within a day go, those of nobody too, and reports after a month."""
    for row in Import.objects.filter(state=State.READY, finished_at__lt=timezone.now() - UNCONFIRMED):
        _end(row, State.CANCELLED)
    Import.objects.exclude(state__in=OPEN).filter(created_at__lt=timezone.now() - KEPT).delete()
    kept = {row.path for row in Import.objects.open()}
    for path in folder().iterdir():  # of a row that was never saved
        if path not in kept and time.time() - path.stat().st_mtime > UNCONFIRMED.total_seconds():
            path.unlink(missing_ok=True)


def _write(path: Path, file: "File[bytes]") -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as kept:
        for chunk in file.chunks():
            kept.write(chunk)


def _claimed() -> Import | None:
    """The oldest that waits, or whose process went silent; now it is ours."""
    lapsed = Q(state=State.RUNNING, lease_until__lt=Now())
    for row in Import.objects.filter(Q(state=State.WAITING) | lapsed).order_by("created_at", "pk"):
        same = Import.objects.filter(pk=row.pk, state=row.state, attempt=row.attempt)
        if row.attempt >= MOST_ATTEMPTS:
            _end(row, State.FAILED, among=(row.state,))
        elif same.update(state=State.RUNNING, attempt=F("attempt") + 1, lease_until=Now() + LEASE):
            return Import.objects.select_related("owner").get(pk=row.pk)
    return None


def _read(row: Import) -> None:
    """How it ended is in its row."""
    try:
        with translation.override(None), row.path.open("rb") as file:
            report = bring_in(row.owner, file, source=row.source, dry=row.dry, progress=_Holder(row).beat)
    except Cancelled:
        _end(row, State.CANCELLED, among=(State.RUNNING,))
    except Exception as error:  # noqa: BLE001 - the outer edge: whatever it was, the row says so
        at = traceback.extract_tb(error.__traceback__)[-1]  # not the error's own words: they might be what people wrote
        log.error("%s failed: %s at %s:%d", row, type(error).__name__, at.filename, at.lineno or 0)
        _end(row, State.FAILED, among=(State.RUNNING,))
    else:
        _keep(row, report)


def _keep(row: Import, report: Report) -> None:
    state = State.READY if row.dry and report.changes else State.DONE
    with transaction.atomic():
        if _end(row, state, among=(State.RUNNING,), told=report.told()) and not row.dry:
            counts = {"new": report.new, "grown": report.grown, "messages": report.messages, "skipped": report.bad}
            record("conversations.imported", actor=row.owner, subject=row, details=counts | dict(report.sources))
    log.info("%s: %d conversations, %d skipped.", row, report.conversations, report.bad)


def _end(row: Import, state: Import.State, *, among: tuple[str, ...] = OPEN, **more: Any) -> bool:
    """Whether it was in one of these states; the file of one that is over goes."""
    same = Import.objects.filter(pk=row.pk, dry=row.dry, attempt=row.attempt, state__in=among)
    is_ended = bool(same.update(state=state, finished_at=Now(), **more))
    if is_ended and state not in OPEN:
        transaction.on_commit(lambda: row.path.unlink(missing_ok=True))
    return is_ended


class _Holder:
    """Holds on to an import while it is read."""

    def __init__(self, row: Import) -> None:
        self._row = Import.objects.filter(pk=row.pk, state=State.RUNNING, dry=row.dry, attempt=row.attempt)
        self._beaten_at = time.monotonic()

    def beat(self, report: Report) -> None:
        """Once a second at most. Raises Cancelled."""
        if time.monotonic() - self._beaten_at < BEAT_S:
            return
        self._beaten_at = time.monotonic()
        wanted = self._row.filter(cancel_requested=False)
        if not wanted.update(lease_until=Now() + LEASE, told=report.told()):
            raise Cancelled

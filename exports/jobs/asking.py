"""What people do with exports: ask for one, cancel it, delete it; and the same of schedules."""

from datetime import datetime, timedelta

from celery import current_app
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.log import record
from conversations.refusals import Refused
from exports.forms.options import Options
from exports.jobs import destinations
from exports.jobs.held import State
from exports.jobs.selection import Selection
from exports.models import ExportJob, Schedule, Wish

MOST_OPEN, MOST_KEPT, MOST_SCHEDULES = 5, 50, 10  # of one person


def ask(user: User, wish: Wish, *, since: ExportJob | None = None, schedule: Schedule | None = None) -> ExportJob:
    """One export, to be made soon. Raises Refused."""
    _check(user, wish)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # or two at once would pass the count
        mine = ExportJob.objects.visible_to(user)
        if mine.filter(state__in=(State.WAITING, State.RUNNING)).count() >= MOST_OPEN:
            raise Refused(
                "too_many", _("You have %(n)d exports under way. Wait for one, or cancel it.") % {"n": MOST_OPEN}
            )
        job = ExportJob.objects.create(owner=user, since=since, schedule=schedule, **_wished(wish))
        _note("export.asked", user, job)
    transaction.on_commit(tell)
    return job


def tell() -> None:
    """An export waits."""
    current_app.send_task("exports.tasks.make_exports")


def update_of(user: User, earlier: ExportJob) -> ExportJob:
    """The same again, with only what changed since that one was made. Raises Refused."""
    if not earlier.known.exists():
        raise Refused("since", _("What was in that export is not known any more. Ask for a complete one."))
    return ask(user, earlier, since=earlier)


def cancel(jobs: "QuerySet[ExportJob]") -> None:
    """What waits will not be made, and what is being made ends soon."""
    jobs.filter(state=State.WAITING).update(state=State.CANCELLED, finished_at=Now())
    jobs.filter(state=State.RUNNING).update(cancel_requested=True)


def delete(job: ExportJob) -> None:
    """Gone with all that was made. Whoever still makes it notices, and removes what it has."""
    job.delete()


def note_download(user: User, job: ExportJob) -> None:
    """What others wrote is not taken without an entry. Raises Refused for who may not take it any more."""
    Selection.of(job.selection).outgoing(user, Options(**job.options))
    _note("export.taken", user, job)


def make_schedule(user: User, wish: Wish, every: str, *, only_changes: bool, delivers: bool) -> Schedule:
    """From now on, the first time at once. Raises Refused."""
    _check(user, wish)
    if delivers and not destinations.is_there():
        raise Refused("delivers", _("This site keeps exports nowhere else."))
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if Schedule.objects.visible_to(user).count() >= MOST_SCHEDULES:
            detail = _("You have %(n)d scheduled exports already. Delete one first.")
            raise Refused("too_many", detail % {"n": MOST_SCHEDULES})
        schedule: Schedule = Schedule.objects.create(
            owner=user, every=every, only_changes=only_changes, delivers=delivers, **_wished(wish)
        )
        _note("export.scheduled", user, schedule)
    return schedule


def ask_for_due() -> int:
    """Ask for what schedules say now; how many. What was missed meanwhile is asked for once."""
    asked = 0
    for schedule in Schedule.objects.filter(next_at__lte=Now(), owner__is_active=True).select_related("owner"):
        now = timezone.now()
        if not Schedule.objects.filter(pk=schedule.pk, next_at=schedule.next_at).update(next_at=_next(schedule)):
            continue  # another process was first
        try:
            ask(schedule.owner, schedule, since=_last(schedule), schedule=schedule)
        except Refused:
            Schedule.objects.filter(pk=schedule.pk).update(next_at=now + timedelta(hours=1))
            continue
        asked += 1
    return asked


def _next(schedule: Schedule) -> datetime:
    now = timezone.now()
    missed = max(0, (now - schedule.next_at) // schedule.period)
    return schedule.next_at + (missed + 1) * schedule.period


def _last(schedule: Schedule) -> ExportJob | None:
    """The last one that reached where it should: what that one lacked, the next one must have."""
    if not schedule.only_changes:
        return None
    done = ExportJob.objects.filter(schedule=schedule, state__in=(State.DONE, State.EXPIRED))
    done = done.filter(is_delivered=True) if schedule.delivers else done
    return next((job for job in done.order_by("-created_at")[:1] if job.known.exists()), None)


def _check(user: User, wish: Wish) -> None:
    selection = Selection.of(wish.selection)
    selection.outgoing(user, Options(**wish.options))
    if selection.is_of_others and not wish.reason.strip():
        raise Refused("reason", _("Say why: the audit log keeps it."))


def _note(action: str, user: User, about: ExportJob | Schedule) -> None:
    """In the audit log, when it is about others; ids only."""
    selection = Selection.of(about.selection)
    if selection.is_of_others or selection.knowledge:
        named = {"people": list(selection.people), "groups": list(selection.groups)}
        whose = {**named, "everyone": selection.everyone, "knowledge": selection.knowledge}
        record(action, actor=user, subject=about, details={**whose, "form": about.form, "reason": about.reason})


def _wished(wish: Wish) -> dict[str, object]:
    return {name: getattr(wish, name) for name in ("form", "options", "selection", "reason")}

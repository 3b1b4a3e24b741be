"""The page of one's own exports: ask for one, watch it, take it, and what is made again and again."""

from typing import Any, cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from conversations.refusals import Refused
from exports.jobs import asking
from exports.models import ExportJob, Schedule
from exports.pages.asked import AskForm
from exports.sending import taken

MOST_LISTED = 50


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def exports(request: HttpRequest) -> HttpResponse:
    """The list and the form."""
    user = cast("User", request.user)
    if request.method != "POST":
        return _page(request, user, AskForm(user=user))
    form = AskForm(request.POST, user=user)
    if form.is_valid():
        try:
            form.ask()
            return HttpResponseRedirect(reverse("exports"))
        except Refused as no:
            form.add_error(no.code if no.code in form.fields else None, str(no.detail))
    return _page(request, user, form, status=422)


@never_cache
@require_GET
@login_required
def listed(request: HttpRequest) -> HttpResponse:
    """The list alone, for the page that watches."""
    return render(request, "exports/list.html", _lists(cast("User", request.user)))


@require_GET
@login_required
def file(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    """What was made."""
    user, job = _mine(request, export_id)
    return taken(user, job)


@require_POST
@login_required
def cancel(request: HttpRequest, export_id: UUID) -> HttpResponse:
    user, job = _mine(request, export_id)
    asking.cancel(ExportJob.objects.visible_to(user).filter(pk=job.pk))
    return HttpResponseRedirect(reverse("exports"))


@require_POST
@login_required
def delete(request: HttpRequest, export_id: UUID) -> HttpResponse:
    _user, job = _mine(request, export_id)
    asking.delete(job)
    return HttpResponseRedirect(reverse("exports"))


@require_POST
@login_required
def update(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """The same again, with only what changed since."""
    user, job = _mine(request, export_id)
    try:
        asking.update_of(user, job)
    except Refused as no:
        form = AskForm(user=user)
        return _page(request, user, form, status=422, refusal=no.detail)
    return HttpResponseRedirect(reverse("exports"))


@require_POST
@login_required
def delete_schedule(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """What it made stays until it expires."""
    get_object_or_404(Schedule.objects.visible_to(request.user), pk=schedule_id).delete()
    return HttpResponseRedirect(reverse("exports"))


def _mine(request: HttpRequest, export_id: UUID) -> tuple[User, ExportJob]:
    """Another person's is not found."""
    user = cast("User", request.user)
    return user, get_object_or_404(ExportJob.objects.visible_to(user), pk=export_id)


def _lists(user: User) -> dict[str, Any]:
    jobs = list(ExportJob.objects.visible_to(user).select_related("schedule")[:MOST_LISTED])
    schedules = list(Schedule.objects.visible_to(user))
    return {"jobs": jobs, "schedules": schedules, "is_open": any(job.is_open for job in jobs)}


def _page(request: HttpRequest, user: User, form: AskForm, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {**_lists(user), "form": form}
    return render(request, "exports/mine.html", {**context, **more}, status=status)

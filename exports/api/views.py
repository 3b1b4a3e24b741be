"""The API's addresses for exports: ask for one, look how far it is, take it, cancel it, delete it."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from accounts.models import ApiKey
from conversations.api import asked, errors, wire
from conversations.api.door import door
from conversations.api.errors import ApiError, wrong
from conversations.api.fields import Body
from conversations.database import in_database
from conversations.refusals import Refused
from exports.api.addresses import MOST_LISTED, by_method, check_policy, second
from exports.api.fields import said
from exports.jobs import asking
from exports.jobs.wishes import WishForm
from exports.models import ExportJob
from exports.sending import taken

SCOPE = ApiKey.Scope.EXPORTS.value


@door("exports", "GET", SCOPE)
async def _list(request: HttpRequest, key: ApiKey) -> HttpResponse:
    """The newest of the key's person."""
    return wire.as_json({"object": "list", "data": await in_database(_listed, key)})


@door("exports", "POST", SCOPE)
async def _create(request: HttpRequest, key: ApiKey) -> HttpResponse:
    """Asked for; it is made in the background."""
    body, _digest = asked.body(request)
    return wire.as_json(await in_database(_asked, key, body))


@door("export", "GET", SCOPE)
async def _retrieve(request: HttpRequest, key: ApiKey, export_id: UUID) -> HttpResponse:
    return wire.as_json(told(await in_database(_mine, key, export_id)))


@door("export", "DELETE", SCOPE)
async def _delete(request: HttpRequest, key: ApiKey, export_id: UUID) -> HttpResponse:
    await in_database(_deleted, key, export_id)
    return wire.as_json({"id": str(export_id), "object": "export", "deleted": True})


@door("export_cancel", "POST", SCOPE)
async def cancel(request: HttpRequest, key: ApiKey, export_id: UUID) -> HttpResponse:
    return wire.as_json(told(await in_database(_cancelled, key, export_id)))


@door("export_file", "GET", SCOPE)
async def file(request: HttpRequest, key: ApiKey, export_id: UUID) -> HttpResponseBase:
    """What was made, as a zip."""
    return await in_database(_file, key, export_id)


exports = by_method(GET=_list, POST=_create)
export = by_method(GET=_retrieve, DELETE=_delete)


def told(job: ExportJob) -> dict[str, Any]:
    """An export as JSON."""
    return {
        "id": str(job.pk),
        "object": "export",
        "form": job.form,
        "status": job.state,
        "error": job.trouble or None,
        "done": job.done,
        "total": job.total,
        "conversations": job.conversations,
        "messages": job.messages,
        "bytes": job.size,
        "root": job.root or None,
        "update_of": str(job.since_id) if job.since_id else None,
        "is_update": job.is_update,
        "created_at": second(job.created_at),
        "finished_at": second(job.finished_at),
        "expires_at": second(job.expires_at),
    }


def _mine(key: ApiKey, export_id: UUID) -> ExportJob:
    """Another person's is not found."""
    check_policy(key)
    job: ExportJob | None = ExportJob.objects.visible_to(key.user).filter(pk=export_id).first()
    if job is None:
        raise ApiError(404, f"You have no export {export_id}.", code="export_not_found")
    return job


def _listed(key: ApiKey) -> list[dict[str, Any]]:
    check_policy(key)
    return [told(job) for job in ExportJob.objects.visible_to(key.user)[:MOST_LISTED]]


def _asked(key: ApiKey, body: Body) -> dict[str, Any]:
    check_policy(key)
    fields, update_of = said(body)
    if update_of:
        try:
            return told(asking.update_of(key.user, _mine(key, update_of)))
        except Refused as no:
            raise _refused(no) from no
    form = WishForm(fields, user=key.user)
    if not form.is_valid():
        name, found = next(iter(form.errors.items()))
        raise wrong(name, f"{name}: {found[0]}")
    try:
        return told(_fresh(asking.ask(key.user, form.wish())))
    except Refused as no:
        raise _refused(no) from no


def _fresh(job: ExportJob) -> ExportJob:
    job.refresh_from_db()
    return job


def _refused(no: Refused) -> ApiError:
    if no.code == "since":
        return ApiError(409, no.detail, code="export_not_known", param="update_of")
    return errors.of_refusal(no, {})


def _cancelled(key: ApiKey, export_id: UUID) -> ExportJob:
    job = _mine(key, export_id)
    asking.cancel(ExportJob.objects.visible_to(key.user).filter(pk=job.pk))
    return _fresh(job)


def _deleted(key: ApiKey, export_id: UUID) -> None:
    asking.delete(_mine(key, export_id))


def _file(key: ApiKey, export_id: UUID) -> HttpResponseBase:
    job = _mine(key, export_id)
    try:
        return taken(key.user, job)
    except Http404 as error:
        message = f"The export is {job.state}: there is no file of it."
        raise ApiError(409, message, code="export_not_done") from error

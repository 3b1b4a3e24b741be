"""The API's addresses for imports: bring a file, read what is in it, say yes, cancel."""

import asyncio
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from accounts.models import ApiKey
from conversations.api import wire
from conversations.api.door import door
from conversations.api.errors import ApiError
from conversations.database import in_database
from exports import tasks
from exports.api import brought
from exports.api.addresses import MOST_LISTED, by_method, check_policy, second
from exports.api.brought import Brought
from exports.imports import jobs
from exports.imports.reports import Report
from exports.models import Import

SCOPE = ApiKey.Scope.IMPORTS.value


@door("imports", "GET", SCOPE)
async def _list(request: HttpRequest, key: ApiKey) -> HttpResponse:
    """The newest of the key's person."""
    return wire.as_json({"object": "list", "data": await in_database(_listed, key)})


@door("imports", "POST", SCOPE)
async def _create(request: HttpRequest, key: ApiKey) -> HttpResponse:
    """Kept until it is read in the background."""
    given = await asyncio.to_thread(brought.read, request)
    return wire.as_json(await in_database(_brought, key, given))


@door("import", "GET", SCOPE)
async def one(request: HttpRequest, key: ApiKey, import_id: UUID) -> HttpResponse:
    return wire.as_json(told(await in_database(_mine, key, import_id)))


@door("import_begin", "POST", SCOPE)
async def begin(request: HttpRequest, key: ApiKey, import_id: UUID) -> HttpResponse:
    """Import what was found."""
    return wire.as_json(await in_database(_begun, key, import_id))


@door("import_cancel", "POST", SCOPE)
async def cancel(request: HttpRequest, key: ApiKey, import_id: UUID) -> HttpResponse:
    return wire.as_json(await in_database(_cancelled, key, import_id))


imports = by_method(GET=_list, POST=_create)


def told(row: Import) -> dict[str, Any]:
    """An import as JSON."""
    report = row.report
    return {
        "id": str(row.pk),
        "object": "import",
        "file": row.name,
        "bytes": row.size,
        "source": row.source,
        "dry_run": row.dry,
        "status": row.state,
        "report": _reported(report) if report else None,
        "created_at": second(row.created_at),
        "finished_at": second(row.finished_at),
    }


def _reported(report: Report) -> dict[str, Any]:
    """What becomes of the conversations, and what was skipped and why."""
    return {
        "new": report.new,
        "grown": report.grown,
        "unchanged": report.unchanged,
        "skipped": report.bad,
        "messages": report.messages,
        "sources": dict(report.sources),
        "left_out": report.left_out,
        "error": report.trouble or None,
        "first_skipped": [
            {
                "entry": one.entry,
                "number": one.number,
                "offset": one.offset,
                "title": one.title,
                "code": one.code,
                "message": str(one),
            }
            for one in report.listed
        ],
    }


def _mine(key: ApiKey, import_id: UUID) -> Import:
    """Another person's is not found."""
    check_policy(key)
    row = Import.objects.visible_to(key.user).filter(pk=import_id).first()
    if row is None:
        raise ApiError(404, f"You have no import {import_id}.", code="import_not_found")
    return row


def _listed(key: ApiKey) -> list[dict[str, Any]]:
    check_policy(key)
    return [told(row) for row in Import.objects.visible_to(key.user)[:MOST_LISTED]]


def _brought(key: ApiKey, given: Brought) -> dict[str, Any]:
    check_policy(key)
    pk = given.name(key.user_id)
    row = Import.objects.visible_to(key.user).filter(pk=pk).first()
    if row is None:
        row = jobs.bring(key.user, given.file, given.source, tasks.read_imports.delay, dry=given.dry, pk=pk)
        row.refresh_from_db()
    return told(row)


def _begun(key: ApiKey, import_id: UUID) -> dict[str, Any]:
    row = _mine(key, import_id)
    jobs.confirm(key.user, row.pk, tasks.read_imports.delay)
    row.refresh_from_db()
    if row.dry:
        message = f"The import is {row.state}: there is nothing to say yes to."
        raise ApiError(409, message, code="import_not_ready")
    return told(row)


def _cancelled(key: ApiKey, import_id: UUID) -> dict[str, Any]:
    row = _mine(key, import_id)
    jobs.cancel(key.user, row.pk)
    row.refresh_from_db()
    return told(row)

"""A file on its way to whoever asked for it, a part at a time: Django would read all of a file at once under ASGI."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from django.http import Http404, StreamingHttpResponse
from django.utils import timezone

from accounts.models import User
from conversations.refusals import Refused
from exports.jobs import asking
from exports.models import ExportJob

AT_ONCE = 1 << 18  # bytes


def taken(user: User, job: ExportJob) -> StreamingHttpResponse:
    """The file of an export. Raises Http404 where there is none, or it may not be taken any more."""
    if job.state != ExportJob.State.DONE or (job.expires_at and job.expires_at <= timezone.now()):
        raise Http404
    try:
        response = sent(job.result, job.file_name)
    except FileNotFoundError as error:
        raise Http404 from error
    try:
        asking.note_download(user, job)
    except Refused as no:
        response.close()
        raise Http404 from no
    return response


def sent(path: Path, name: str, content_type: str = "application/zip") -> StreamingHttpResponse:
    """To be saved under this name. Raises FileNotFoundError."""
    file = path.open("rb")
    response = StreamingHttpResponse(_parts(file), content_type=content_type)
    response._resource_closers.append(file.close)  # type: ignore[attr-defined]  # as FileResponse does: read or not
    response.headers["Content-Length"] = str(path.stat().st_size)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


async def _parts(file: BinaryIO) -> AsyncIterator[bytes]:
    while data := await asyncio.to_thread(file.read, AT_ONCE):
        yield data

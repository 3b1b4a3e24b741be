"""Where scheduled exports are put besides the site's own folder: a folder or a bucket that its operator named.

Which one, ``CHATSITE_EXPORTS_TO`` says. Nobody else chooses a place, and names are made from ids alone.
"""

import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files import File
from django.core.files.storage import Storage

from exports.jobs import problems
from exports.jobs.held import Cancelled, Held, Lost
from exports.models import ExportJob

AT_ONCE = 1 << 20  # bytes
S3 = "s3://"

log = logging.getLogger(__name__)

Put = Callable[[str, IO[bytes]], None]


def is_there() -> bool:
    """Whether the operator named a place."""
    return bool(settings.EXPORTS_TO)


def deliver(job: ExportJob, held: Held) -> dict[str, Any]:
    """Put it where its schedule says; what to note of that in its row. Raises Lost or Cancelled."""
    if not (job.schedule and job.schedule.delivers and is_there()):
        return {}
    kind = "changes" if job.since_id else "all"
    name = f"schedule-{job.schedule_id}/{job.created_at:%Y%m%dT%H%M%SZ}-{kind}-{job.pk}.zip"
    try:
        with job.result.open("rb") as file:
            place()(name, cast("IO[bytes]", _Beating(file, held)))
    except (Lost, Cancelled):
        raise
    except Exception as error:  # noqa: BLE001 - another machine's, in the words of a library that may be any
        log.error("Export %s was not put where exports are kept: %s", job.pk, type(error).__name__)
        return {"problem": problems.DELIVERY}
    return {"problem": "", "is_delivered": True}


def place() -> Put:
    """Puts a file under a name, whole or not at all. Raises ImproperlyConfigured."""
    if settings.EXPORTS_TO.startswith(S3):
        return _bucket(settings.EXPORTS_TO)
    return _folder(Path(settings.EXPORTS_TO))


def _folder(folder: Path) -> Put:
    def put(name: str, file: IO[bytes]) -> None:
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            shutil.copyfileobj(file, out, AT_ONCE)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)

    return put


def _bucket(address: str) -> Put:
    bucket = storage(address)

    def put(name: str, file: IO[bytes]) -> None:
        bucket.save(name, File(file, name=name))

    return put


def storage(address: str) -> Storage:
    """A bucket as Django sees it. Raises ImproperlyConfigured where its libraries are not installed."""
    try:
        from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 - not every site has it
        from storages.backends.s3 import S3Storage  # noqa: PLC0415
    except ImportError as error:
        raise ImproperlyConfigured("CHATSITE_EXPORTS_TO names a bucket: run make s3 first.") from error
    parts = urlsplit(address)
    made: Storage = S3Storage(
        bucket_name=parts.netloc,
        location=parts.path.strip("/"),
        endpoint_url=settings.EXPORTS_S3_ENDPOINT or None,
        access_key=settings.EXPORTS_S3_KEY or None,
        secret_key=settings.EXPORTS_S3_SECRET or None,
        file_overwrite=True,
        default_acl=None,
        transfer_config=TransferConfig(use_threads=False),  # reading it renews the lease, in the thread of the database
    )
    return made


class _Beating:
    """A file whose reading says that the export is still being made."""

    def __init__(self, file: IO[bytes], held: Held) -> None:
        self._file = file
        self._held = held

    def read(self, size: int = -1) -> bytes:
        self._held.beat()
        return self._file.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

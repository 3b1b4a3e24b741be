"""A request with a file to import, read and checked."""

import hashlib
from dataclasses import dataclass
from typing import cast
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

from django.core.exceptions import SuspiciousOperation
from django.core.files import File
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

from conversations.api import asked, fields
from conversations.api.errors import ApiError, wrong
from exports.imports import AUTO, SOURCES

FORM = "multipart/form-data"
FLAGS = {"true": True, "false": False}
FIELDS = ("source", "dry_run")
FILE = "file"
NAMES = (AUTO, *SOURCES)


@dataclass(frozen=True, slots=True)
class Brought:
    """A file, what made it, and whether it is only looked at."""

    file: "File[bytes]"
    source: str
    dry: bool
    idempotency: str

    def name(self, user_id: int) -> UUID:
        """Of the import: the same file under the same ``Idempotency-Key`` is the same import."""
        if not self.idempotency:
            return uuid4()
        digest = hashlib.sha256()
        for chunk in self.file.chunks():
            digest.update(chunk)
        told = f"{user_id} {self.source} {self.dry} {digest.hexdigest()} {self.idempotency}"
        return uuid5(NAMESPACE_OID, told)


def read(request: HttpRequest) -> Brought:
    """Raises ApiError, which says what was wrong and what is allowed."""
    if request.content_type != FORM:
        message = f"The body must be a form with a file: send Content-Type: {FORM}."
        raise ApiError(415, message, code="unsupported_media_type")
    idempotency = asked.idempotency(request)
    try:
        said, files = request.POST, request.FILES
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise ApiError(400, "The form cannot be read.", code="invalid_form") from error
    _check_known([*said, *files])
    for name in (*said, *files):
        if len(said.getlist(name)) + len(files.getlist(name)) > 1:
            raise wrong(name, f"{name} may be there once.")
    if FILE not in files:
        raise wrong(FILE, "file must be a file.") if FILE in said else fields.missing(FILE)
    given = {name: str(value).lower() for name, value in said.items() if value}
    source = fields.one_of(given, "source", NAMES) or AUTO
    flag = fields.one_of(given, "dry_run", tuple(FLAGS)) or "true"
    return Brought(cast("File[bytes]", files[FILE]), source, FLAGS[flag], idempotency)


def _check_known(names: list[str]) -> None:
    known = (FILE, *FIELDS)
    for name in names:
        if name not in known:
            message = f"{name[:40]} is not known here. Known are {', '.join(known)}."
            raise wrong(name[:40], message, "unknown_parameter")

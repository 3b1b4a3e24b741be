"""An export of several people, brought back to each of them. For administrators: nobody's rules or limits are asked."""

import re
from collections.abc import Callable
from typing import BinaryIO
from uuid import uuid4

from accounts.models import User
from exports.imports import Found, native
from exports.imports.bounds import Bounds
from exports.imports.refusals import Unfit
from exports.imports.reports import Report
from exports.imports.running import run
from exports.imports.saving import Saver

PSEUDONYM = re.compile(r"person-[0-9a-f]{12}")
LONGEST_NAME = 150


def restore(file: BinaryIO, *, dry: bool = False, progress: Callable[[Report], None] = lambda _report: None) -> Report:
    """Import our own export, each conversation for the person whose it was. Who is missing gets an inactive account."""
    bounds = Bounds.of_site()
    savers: dict[str, Saver] = {}

    def saver_of(found: Found, report: Report) -> Saver:
        name = found.record.owner
        if not name or PSEUDONYM.fullmatch(name):
            raise Unfit("owner")
        if name not in savers:
            savers[name] = Saver(_person(name, report, dry=dry), bounds, dry=dry, screen=None)
        return savers[name]

    report = run(file, bounds, native.NAME, saver_of, progress)
    report.people.sort()
    return report


def _person(name: str, report: Report, *, dry: bool) -> User:
    person = User.objects.filter(username__iexact=name).first()
    if person:
        return person
    report.people.append(name)
    # Its address is nobody's, until an administrator gives it another and switches the account on.
    made = User(username=name[:LONGEST_NAME], email=f"{uuid4().hex}@imported.invalid", is_active=False)
    made.set_unusable_password()
    if not dry:
        made.save()
    return made

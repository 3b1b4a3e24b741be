"""An export of several people, brought back to each of them. For administrators: nobody's rules or limits are asked."""

from collections.abc import Callable
from typing import BinaryIO
from uuid import uuid4

from accounts.models import User
from exports.imports import Found, native
from exports.imports.bounds import Bounds
from exports.imports.refusals import Unfit
from exports.imports.reports import Report
from exports.imports.reviews import PSEUDONYM, Reviews
from exports.imports.running import run
from exports.imports.saving import Saver

LONGEST_NAME = 150


def restore(file: BinaryIO, *, dry: bool = False, progress: Callable[[Report], None] = lambda _report: None) -> Report:
    """Import our own export, each conversation for the person whose it was, with what reviewers made of it.

    Who is missing gets an inactive account.
    """
    bounds = Bounds.of_site()
    people = _People(dry=dry)
    reviews = Reviews(people.named)
    savers: dict[str, Saver] = {}

    def saver_of(found: Found, _report: Report) -> Saver:
        name = found.record.owner
        if not name or PSEUDONYM.fullmatch(name):
            raise Unfit("owner")
        if name not in savers:
            savers[name] = Saver(people.named(name), bounds, dry=dry, screen=None, reviews=reviews)
        reviews.look_up(found.record)
        return savers[name]

    report = run(file, bounds, native.NAME, saver_of, progress)
    report.people, report.reviews = sorted(people.made), reviews.count
    return report


class _People:
    """By their names, as an export has them. ``made`` are those who had no account."""

    def __init__(self, *, dry: bool) -> None:
        self._dry = dry
        self._known: dict[str, User] = {}
        self.made: list[str] = []

    def named(self, name: str) -> User:
        if name not in self._known:
            self._known[name] = User.objects.filter(username__iexact=name).first() or self._new(name)
        return self._known[name]

    def _new(self, name: str) -> User:
        self.made.append(name)
        # Its address is nobody's, until an administrator gives it another and switches the account on.
        made = User(username=name[:LONGEST_NAME], email=f"{uuid4().hex}@imported.invalid", is_active=False)
        made.set_unusable_password()
        if not self._dry:
            made.save()
        return made

"""``manage.py export``: a person's conversations to a file, as the page of exports would make it."""

import os
import shutil
from argparse import BooleanOptionalAction
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from accounts.models import User
from conversations.refusals import Refused
from exports import making
from exports.forms import NAMES
from exports.jobs import asking, held, work
from exports.jobs.wishes import WishForm
from exports.models import ExportJob, Wish

TEXTS = {
    "folder": "in this folder of the person's",
    "tag": "with this tag of the person's",
    "since": "changed since this day (2026-01-31, UTC)",
    "until": "begun until this day",
    "query": "with these words in one message or the title",
    "model": "with replies of this model",
    "rating": "with replies rated 1 (good) or -1 (bad)",
    "cut": "of chunks: pairs or windows",
    "size": "of chunks: tokens at most",
    "overlap": "of windows: tokens they share",
    "people": "of these people, names with commas, for whoever may read what others wrote",
    "reason": "why, for the audit log",
}
SWITCHES = {
    "reviewed": "only with replies approved as knowledge",
    "everyone": "of all people, for whoever may read what others wrote",
    "knowledge": "what reviewers approved of everybody, for a reviewer",
    "whole": "all branches",
    "reasoning": "with the model's reasoning",
    "named": "other people with their names",
}


class Command(BaseCommand):
    help = "Export a person's conversations to a file. The last line of the output is the export's id."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", help="the e-mail address, or the name, that the person signs in with")
        parser.add_argument("file", type=Path, help="the zip to write; it must not be there yet")
        parser.add_argument("--form", choices=NAMES, default="jsonl", help="jsonl unless said")
        for name, meaning in TEXTS.items():
            parser.add_argument(f"--{name}", default="", help=meaning)
        for name, meaning in SWITCHES.items():
            parser.add_argument(f"--{name}", action=BooleanOptionalAction, default=False, help=meaning)
        parser.add_argument("--update-of", default="", metavar="ID", help="only what changed since that export")

    def handle(self, *, person: str, file: Path, update_of: str, **options: Any) -> None:
        if file.exists():
            raise CommandError(f"{file} is there already.")
        user = _person(person)
        earlier = _earlier(user, update_of) if update_of else None
        job = self._made(user, earlier or _wish(user, options), earlier)
        _move(job.result, file)
        ExportJob.objects.filter(pk=job.pk).update(state=ExportJob.State.EXPIRED)  # what was in it stays known
        self.stderr.write(f"{job.conversations} conversations, {job.messages} messages. Merkle root {job.root}")
        self.stdout.write(str(job.pk))

    def _made(self, user: User, wish: Wish, earlier: ExportJob | None) -> ExportJob:
        try:
            job = asking.ask(user, wish, since=earlier)
        except Refused as no:
            raise CommandError(str(no.detail)) from no
        mine = held.claim(job)
        if mine is None:
            job.delete()
            raise CommandError(f"Another export of {user} is being made. Try again when it is done.")
        making.spare_memory()
        work.make(mine)
        job.refresh_from_db()
        if job.state != ExportJob.State.DONE:
            raise CommandError(job.trouble or f"It was {job.get_state_display()}.")
        return job


def _person(name: str) -> User:
    people = User.objects.filter(Q(email__iexact=name) | Q(username__iexact=name), is_active=True)[:2]
    if len(people) != 1:  # two: one person's name is another's address
        raise CommandError(f"{len(people) or 'No'} active people have the e-mail address or name {name!r}.")
    return people[0]


def _earlier(user: User, export_id: str) -> ExportJob:
    found: Iterable[ExportJob] = ExportJob.objects.visible_to(user).filter(pk=export_id) if _is_id(export_id) else []
    for job in found:
        if job.known.exists():
            return job
    raise CommandError(f"There is no export {export_id} of {user} of which it is known what was in it.")


def _is_id(text: str) -> bool:
    try:
        ExportJob._meta.pk.to_python(text)
    except (ValueError, ValidationError):
        return False
    return True


def _wish(user: User, options: dict[str, Any]) -> Wish:
    said = {name: options[name] for name in ("form", *TEXTS, *SWITCHES)}
    form = WishForm(said, user=user)
    if not form.is_valid():
        raise CommandError("\n".join(f"{name}: {error}" for name, found in form.errors.items() for error in found))
    return form.wish()


def _move(made: Path, file: Path) -> None:
    """To any disk, and never over something."""
    with made.open("rb") as source, os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        shutil.copyfileobj(source, out)
    made.unlink()

"""``manage.py import_conversations``: a file for one person, or an export of several people back to each of them."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from audit.log import record
from exports.imports import AUTO, SOURCES
from exports.imports.reports import Report
from exports.imports.restoring import restore
from exports.imports.running import bring_in


class Command(BaseCommand):
    help = (
        "Import conversations: of this program, ChatGPT, Open WebUI or LibreChat. What is here already is not imported "
        "twice."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="as the other program exported it: JSON, JSON lines, or a zip")
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--for", dest="person", metavar="USER", help="e-mail address or name of whose they become")
        whose.add_argument(
            "--owners",
            action="store_true",
            help="give each to the person whose it was: for an export of several people of this program, with their "
            "names; whoever is missing gets an account that is switched off",
        )
        parser.add_argument("--source", choices=[AUTO, *SOURCES], default=AUTO, help="what made the file")
        parser.add_argument("--dry-run", action="store_true", help="say what would be imported, and import nothing")

    def handle(self, **options: Any) -> None:
        dry = options["dry_run"]
        try:
            with options["file"].open("rb") as file:
                if options["owners"]:
                    report = restore(file, dry=dry, progress=self._tell)
                else:
                    person = self._person(options["person"])
                    report = bring_in(person, file, source=options["source"], dry=dry, progress=self._tell)
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}.") from error
        self._sum_up(report, dry=dry)
        if not dry:
            self._record(report, options["person"] or "")
        if report.problem:
            raise CommandError(report.trouble)

    def _person(self, name: str) -> User:
        people = User.objects.filter(Q(email__iexact=name) | Q(username__iexact=name))[:2]
        if len(people) != 1:  # two: one person's name is another's address
            raise CommandError(f"{len(people) or 'No'} people have the e-mail address or name {name!r}.")
        return people[0]

    def _tell(self, report: Report) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{report.conversations + report.bad} conversations", ending="")

    def _sum_up(self, report: Report, *, dry: bool) -> None:
        if self.stderr.isatty():
            self.stderr.write("\r\x1b[K", ending="")
        for one in report.lines():
            self.stderr.write(f"skipped: {one}")
        if report.unlisted:
            self.stderr.write(f"skipped: {report.unlisted} more")
        for name in report.left_out:
            self.stderr.write(f"no room for the folder or tag: {name}")
        for name in report.people:
            self.stderr.write(f"{'would make' if dry else 'made'} an account that is switched off: {name}")
        words = "would be new" if dry else "new"
        self.stdout.write(
            f"{report.new} conversations {words}, {report.grown} grown, {report.unchanged} unchanged, "
            f"{report.bad} skipped; {report.messages} messages."
        )
        if report.reviews:
            self.stdout.write(f"{report.reviews} reviews came back.")

    @transaction.atomic
    def _record(self, report: Report, person: str) -> None:
        counts = {"new": report.new, "grown": report.grown, "messages": report.messages, "skipped": report.bad}
        counts |= {"accounts": len(report.people), "reviews": report.reviews}
        record("conversations.imported", subject=person or "all people", details=counts)

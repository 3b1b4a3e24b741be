"""``manage.py export_audit``: the audit log as JSON lines, oldest first."""

from argparse import ArgumentTypeError
from datetime import UTC, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.dateparse import parse_date, parse_datetime

from audit.export import json_line
from audit.models import Entry
from audit.progress import progress


class Command(BaseCommand):
    help = "Writes the audit log to standard output, one JSON object a line: what is hashed, and the hash."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=moment, metavar="TIME", help="2026-01-31, or 2026-01-31T12:00:00Z")
        parser.add_argument("--until", type=moment, metavar="TIME", help="entries before this time")

    def handle(self, *args: Any, **options: Any) -> None:
        entries = Entry.objects.all()
        if options["since"]:
            entries = entries.filter(at__gte=options["since"])
        if options["until"]:
            entries = entries.filter(at__lt=options["until"])
        for entry in progress(entries.oldest_first(), entries.count()):
            self.stdout.write(json_line(entry), ending="")


def moment(text: str) -> datetime:
    """A day, which begins at midnight UTC, or a time; one without a zone is of UTC."""
    try:
        day, at = parse_date(text), parse_datetime(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is not a time: {error}.") from error
    if day:
        return datetime.combine(day, time(), UTC)
    if at is None:
        raise ArgumentTypeError(f"{text} is not a time such as 2026-01-31 or 2026-01-31T12:00:00Z.")
    return at if at.tzinfo else at.replace(tzinfo=UTC)

"""``manage.py add_starter_rules [NAME …]``: rules to start from, in dry run."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from moderation.starter import STARTERS, install, installed


class Command(BaseCommand):
    help = "Add rules to start from, in dry run: all of them, or those that are named. Those that are there stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME")
        parser.add_argument("--list", action="store_true", help="only say which there are")

    def handle(self, *, names: list[str], list: bool, **_options: Any) -> None:  # noqa: A002 - the option's name
        if list:
            there = installed()
            for one in STARTERS:
                self.stdout.write(f"{one.name:12} {one.label}{'  (installed)' if one.name in there else ''}")
            return
        try:
            added = install(names or [one.name for one in STARTERS])
        except KeyError as unknown:
            raise CommandError(f"There is no starter rule {unknown}; --list says which there are.") from unknown
        self.stdout.write(f"Added {len(added)} rules in dry run.")

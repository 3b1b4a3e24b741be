"""``manage.py export_words RULE``: a rule's list, to be kept or changed elsewhere."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from moderation import word_lists
from moderation.management.rule_named import rule_named


class Command(BaseCommand):
    help = "Print the words of a rule, one a line, or as CSV."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("rule", metavar="RULE", help="its number or its name")
        parser.add_argument("--csv", action="store_true")

    def handle(self, *, rule: str, csv: bool, **_options: Any) -> None:
        found = rule_named(rule)
        self.stdout.write(word_lists.as_csv(found) if csv else word_lists.as_text(found), ending="")

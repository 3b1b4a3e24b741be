"""``manage.py import_words RULE FILE``: thousands of words at once."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from moderation import lists, word_lists
from moderation.management.rule_named import rule_named


class Command(BaseCommand):
    help = "Add the words of a file (text, one a line; .csv: the first column) to a rule. What cannot be used is named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("rule", metavar="RULE", help="its number or its name")
        parser.add_argument("file", metavar="FILE", help="- reads from the command's input")
        parser.add_argument("--replace", action="store_true", help="instead of the words that are there")

    def handle(self, *, rule: str, file: str, replace: bool, **_options: Any) -> None:
        found = rule_named(rule)
        try:
            content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
            text, _encoding = word_lists.read(content, file)
            taken = word_lists.take(found, text, replace=replace)
        except (OSError, word_lists.NoList) as problem:
            raise CommandError(str(problem)) from problem
        except ValidationError as problem:
            raise CommandError("; ".join(problem.messages)) from problem
        for said in lists.named(taken.refused):
            self.stderr.write(said)
        self.stdout.write(
            f"Added {len(taken.added)} words to {found}; {taken.known} were there, {taken.repeated} stood twice, "
            f"{len(taken.refused)} were refused."
        )

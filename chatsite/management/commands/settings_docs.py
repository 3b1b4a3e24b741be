"""``manage.py settings_docs``: writes docs/settings.md from the table of variables."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from chatsite.variables import VARIABLES
from chatsite.variables.variable import Variable

HEAD = """# Settings

Made from `chatsite/variables/` by `make manage ARGS=settings_docs`. Each is an environment variable; an empty one
counts as not set. Lists are separated by commas; on and off are `true` and `false`. With `_FILE` after its name each
can be the path of a file that holds the value (`DATABASE_URL_FILE=/run/secrets/url`), as containers are given secrets.

| variable | default | meaning |
|---|---|---|
"""


class Command(BaseCommand):
    help = "Writes docs/settings.md; with --check, only says whether it is up to date."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        page = settings.BASE_DIR / "docs" / "settings.md"
        if not options["check"]:
            page.write_text(settings_page())
        elif not page.exists() or page.read_text() != settings_page():
            sys.exit("docs/settings.md is stale; write it again with: make manage ARGS=settings_docs")


def settings_page() -> str:
    """The whole page, as Markdown."""
    return HEAD + "".join(_row(variable) for variable in VARIABLES)


def _row(variable: Variable) -> str:
    meaning = variable.meaning
    if variable.choices:
        meaning += " One of " + ", ".join(f"`{choice}`" for choice in variable.choices) + "."
    return f"| `{variable.name}` | {_default(variable)} | {meaning} |\n"


def _default(variable: Variable) -> str:
    if variable.shown_default:
        return variable.shown_default
    value = variable.default
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, list):
        value = ",".join(value)
    return f"`{value}`" if value != "" else "empty"

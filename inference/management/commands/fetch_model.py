"""``manage.py fetch_model NAME``: downloads a model's weights, goes on where it broke off, and checks every byte."""

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from inference import catalog
from inference.fetching.errors import FetchError
from inference.fetching.fetch import fetch

INTERRUPTED = 130  # what a shell expects of a command that Ctrl-C ended


class Command(BaseCommand):
    help = "Download the weights of a catalog's model. What broke off goes on; every file is checked before it is used."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own declaration

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="a name from the catalog")
        parser.add_argument("--catalog", type=Path, default=settings.CATALOG, help="another catalog (%(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            model = catalog.load(options["catalog"]).get(options["name"])
            found = fetch(model, settings.CACHE_DIR, self._say, sys.stderr)
        except (catalog.CatalogError, FetchError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or settings.CACHE_DIR}: {error.strerror}.") from error
        except KeyboardInterrupt:
            self._say("Stopped. The same command goes on from here.")
            sys.exit(INTERRUPTED)
        self.stdout.write(str(found))

    def _say(self, sentence: str) -> None:
        self.stderr.write(sentence, self.style.SQL_FIELD)
        self.stderr.flush()

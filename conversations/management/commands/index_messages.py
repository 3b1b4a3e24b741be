"""``manage.py index_messages``: makes the index of the search anew."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand

from conversations.search import index


class Command(BaseCommand):
    help = "Index every message and every title again, while the site runs. What is in the index stays until then."

    def handle(self, **options: Any) -> None:
        messages = 0
        after: UUID | None = None
        while done := index.again(after):
            messages, after = messages + len(done), done[-1]
        titles = index.titles_again()
        self.stdout.write(f"{messages} messages and {titles} titles are indexed.")

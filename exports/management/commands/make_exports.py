"""``manage.py make_exports``: make the exports that wait, and end. The background worker starts it."""

from exports.jobs import work
from exports.making import Making


class Command(Making):
    help = "Make the exports that wait, one after another, and end. The background worker does this by itself."

    def make(self) -> None:
        work.make_waiting()

"""``manage.py read_imports``: read the files that wait to be imported, and end. The background worker starts it."""

from exports.imports import jobs
from exports.making import Making


class Command(Making):
    help = "Read the files that wait to be imported, and end. The background worker does this by itself."

    def make(self) -> None:
        jobs.read_waiting()

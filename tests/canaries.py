"""What no log may hold: words that only messages have, and secrets. Looked for in every log that the suite writes.

Messages of the tests carry directives for the scripted engine (``@tokens=``), so nothing has to be said for this alone.
"""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

WORDS = (
    *("@tokens=", "@rate=", "@echo=", "Alice's secret", "correct horse battery"),
    *(f"{name}'s password" for name in ("alice", "bob", "mallory", "grace")),
)
SECRETS = re.compile(r"\bsessionid=\w|\bcsrftoken=\w|Bearer \w{8}|\bcs-\w{20}|\b__Host-sessionid=\w")


def found_in(text: str) -> list[str]:
    """The lines that hold one of them."""
    if not any(word in text for word in WORDS) and not SECRETS.search(text):
        return []
    return [line for line in text.splitlines() if any(word in line for word in WORDS) or SECRETS.search(line)]


def in_files(folder: Path) -> list[str]:
    """Of a site's folder: what it printed, and the logs of its processes."""
    files = [folder / "printed", *(folder / "logs").glob("*")]
    texts = {file.name: file.read_text(errors="replace") for file in files if file.is_file()}
    return [f"{name}: {line}" for name, text in texts.items() for line in found_in(text)]


class Watch(logging.Handler):
    """Sees each line that this process logs."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.leaked: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if record.exc_info:
            said += "\n" + logging.Formatter().formatException(record.exc_info)
        self.leaked += [f"{record.name}: {line}" for line in found_in(said)]


@pytest.fixture(scope="session")
def log_watch() -> Iterator[Watch]:
    watch = Watch()
    logging.getLogger().addHandler(watch)
    yield watch
    logging.getLogger().removeHandler(watch)


@pytest.fixture(autouse=True)
def nothing_leaks(log_watch: Watch) -> Iterator[None]:
    """After each test: none of its log lines held a message's text or a secret."""
    log_watch.leaked.clear()
    if log_watch not in logging.getLogger().handlers:  # a worker in this process has made Celery set up logging anew
        logging.getLogger().addHandler(log_watch)
    yield
    assert log_watch.leaked == []

"""Which reply a log line concerns: set once for a task, found by every line that the task logs, a library's too."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

_reply: ContextVar[str] = ContextVar("reply", default="")


@contextmanager
def concerning(reply: UUID | str) -> Iterator[None]:
    """Lines logged in the block, and in tasks begun in it, concern this reply; with an empty string, none."""
    token = _reply.set(str(reply))
    try:
        yield
    finally:
        _reply.reset(token)


def concern(reply: UUID) -> None:
    """The same for the rest of this task, which is about nothing else."""
    _reply.set(str(reply))


class ReplyField(logging.Filter):
    """Gives each record the field ``reply``: as it was logged with, else the task's."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.reply = str(getattr(record, "reply", "") or _reply.get())
        return True

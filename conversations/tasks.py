"""Celery's doors to the domain: a ticket for a worker that holds an engine, and what recurs."""

from celery import shared_task

from accounts import api_keys, sessions
from conversations import sharing, timings
from conversations.api import purge
from conversations.replies import reservations, sweeper
from conversations.replies.reply import serve
from conversations.replies.tickets import queue_ticket
from conversations.search import index as search_index
from conversations.shelf import emptying
from inference.protocol import EngineDead
from inference.worker import current


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def reply() -> None:
    """A ticket: some reply waits for the model of this worker."""
    worker = current()
    try:
        worker.run(serve(worker))
    except EngineDead:  # it ended since
        queue_ticket(worker.model.name)


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def sweep() -> None:
    """Top up tickets for replies that wait with none."""
    sweeper.sweep()


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def release_orphans() -> None:
    """Release what is reserved for replies that are gone."""
    reservations.release_orphans()


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def forget() -> None:
    """Remove what browsers told a month ago, shares and API keys over for a month, and sessions that have expired."""
    timings.forget()
    sharing.forget()
    api_keys.forget()
    sessions.forget()


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def empty_trash() -> None:
    """Delete for ever what has been in the trash for too long."""
    emptying.empty()


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def purge_api() -> None:
    """Delete conversations of the API whose requests ended, or died, a while ago."""
    purge.purge_old()


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def index() -> None:
    """Put what was said since into the index of the search."""
    search_index.catch_up()

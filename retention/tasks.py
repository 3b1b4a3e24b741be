"""Celery's doors: what the schedule deletes, and copies that people wait for."""

from uuid import UUID

from celery import shared_task

from retention import copies, leaving, sweeping


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def sweep() -> None:
    """Delete what is due by the rules."""
    sweeping.sweep()


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def let_go() -> None:
    """Delete accounts whose time is up and copies that expired; make copies that nobody made."""
    leaving.let_go()
    copies.expire()
    copies.make_waiting()


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def make_copy(pk: str) -> None:
    """Make what a person has just asked for."""
    copies.make(UUID(pk))

"""Celery's doors to exports: what recurs. They take no time; another process does the work."""

from celery import shared_task

from exports.jobs import asking, cleaning, starting


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def make_exports() -> None:
    """See that what waits is made."""
    starting.start()


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def ask_for_due() -> None:
    """Ask for what schedules say now."""
    asking.ask_for_due()


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def clean() -> None:
    """Delete what has been there for long enough."""
    cleaning.expire()
    cleaning.forget()

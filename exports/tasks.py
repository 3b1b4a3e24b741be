"""Celery's doors to exports and imports: what recurs. They take no time; other processes do the work."""

from celery import shared_task

from exports import making
from exports.imports import jobs as imports
from exports.jobs import asking, cleaning
from exports.models import ExportJob, Import


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def make_exports() -> None:
    """See that what waits is made."""
    making.start("make_exports", ExportJob.objects.all())


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def ask_for_due() -> None:
    """Ask for what schedules say now."""
    asking.ask_for_due()


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def clean() -> None:
    """Delete what has been there for long enough."""
    cleaning.expire()
    cleaning.forget()


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def read_imports() -> None:
    """See that the files are read that wait to be imported."""
    making.start("read_imports", Import.objects.all())


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery has no types
def forget_imports() -> None:
    """Remove files that nobody confirmed, and reports of a month ago."""
    imports.forget()

"""Exports that are asked for and made here and now, and what is in them."""

import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from exports.forms.options import Options
from exports.jobs import asking, starting, work
from exports.jobs.selection import Selection
from exports.models import ExportJob

Make = Callable[..., ExportJob]


@pytest.fixture(autouse=True)
def no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens to it here: tests make what waits themselves."""
    monkeypatch.setattr(starting, "tell", lambda: None)


def wish(form: str = "jsonl", selection: Selection | None = None, reason: str = "", **options: Any) -> ExportJob:
    options = {"whole": True, **options}
    chosen = (selection or Selection()).chosen()
    return ExportJob(form=form, options=Options(**options).chosen(), selection=chosen, reason=reason)


@pytest.fixture
def make() -> Make:
    """Ask for an export, make it, and answer with its row."""

    def made(user: User, form: str = "jsonl", since: ExportJob | None = None, **more: Any) -> ExportJob:
        job = asking.ask(user, wish(form, **more), since=since)
        work.make_waiting()
        return ExportJob.objects.get(pk=job.pk)

    return made


def files(job: ExportJob) -> dict[str, str]:
    """What is in the zip, by paths."""
    with zipfile.ZipFile(job.result) as read:
        return {name: read.read(name).decode() for name in read.namelist()}

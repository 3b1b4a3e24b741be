"""What somebody deletes is in no export that can still be taken."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from accounts.models import User
from conversations import shelf
from exports.models import ExportJob
from tests.exports.jobs.conftest import Make, files
from tests.exports.many import said

pytestmark = pytest.mark.django_db
Committing = Callable[[], AbstractContextManager[object]]


@pytest.fixture
def committing(django_capture_on_commit_callbacks: Any) -> Committing:
    return lambda: django_capture_on_commit_callbacks(execute=True)


def state(job: ExportJob) -> tuple[str, bool, bool]:
    job.refresh_from_db()
    return job.state, job.result.exists(), job.known.exists()


def test_a_file_that_tells_it_goes_and_others_stay(alice: User, bob: User, make: Make, committing: Committing) -> None:
    hers, his = said(alice, "Hers", "Yes"), said(bob, "His", "Yes")
    of_hers, of_his = make(alice), make(bob)
    with committing():
        shelf.trash(alice, frozenset({hers.pk}))
    assert state(of_hers) == ("done", True, True)
    with committing():
        shelf.delete(alice, frozenset({hers.pk}))
    assert state(of_hers) == ("expired", False, True)
    assert state(of_his) == ("done", True, True)
    assert his.pk != hers.pk


def test_the_next_update_still_says_that_it_is_gone(alice: User, make: Make, committing: Committing) -> None:
    gone = said(alice, "Gone", "Yes")
    said(alice, "Stays", "Yes")
    first = make(alice)
    with committing():
        shelf.trash(alice, frozenset({gone.pk}))
        shelf.delete(alice, frozenset({gone.pk}))
    update = make(alice, since=first)
    assert str(gone.pk) in files(update)["deletions.jsonl"]

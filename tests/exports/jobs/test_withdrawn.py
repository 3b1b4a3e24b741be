"""What somebody deletes is in no export that can still be taken."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from accounts.models import User
from audit import holds
from conversations import branches, shelf
from conversations.models import Conversation, Nomination
from exports.jobs import asking, cleaning, destinations, work
from exports.jobs.selection import Selection
from exports.models import ExportJob
from tests.exports.jobs.conftest import Make, files, wish
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


@pytest.fixture
def delete(alice: User, committing: Committing) -> Callable[[Conversation], None]:
    def deleted(conversation: Conversation) -> None:
        with committing():
            shelf.trash(alice, frozenset({conversation.pk}))
            shelf.delete(alice, frozenset({conversation.pk}))

    return deleted


Delete = Callable[[Conversation], None]


@pytest.fixture
def once_read(delete: Delete, monkeypatch: pytest.MonkeyPatch) -> Delete:
    """It is deleted as soon as an export has read it."""
    counted = work._counted

    def then(hers: Conversation) -> None:
        def deleting(*args: Any) -> Any:
            for record in counted(*args):
                delete(hers)
                yield record

        monkeypatch.setattr(work, "_counted", deleting)

    return then


def test_what_is_deleted_after_it_was_read_is_in_no_file(alice: User, make: Make, once_read: Delete) -> None:
    once_read(said(alice, "Hers", "Yes"))
    assert state(make(alice)) == ("expired", False, True)


@pytest.fixture
def admins_read(settings: Any) -> None:
    settings.ADMINS_READ = True


@pytest.mark.usefixtures("admins_read")
@pytest.mark.parametrize("selection", [Selection(knowledge=True), Selection(everyone=True)])
def test_nor_is_what_others_delete_under_a_legal_hold(
    alice: User, grace: User, make: Make, once_read: Delete, selection: Selection
) -> None:
    hers = said(alice, "Hers", "Yes")
    Nomination.objects.create(reply=hers.messages.get(position=1), state="approved")
    holds.put_on(alice, "A court asked for it", grace)
    once_read(hers)
    job = make(grace, selection=selection, reason="For all", reviewed=selection.knowledge)
    assert Conversation.objects.filter(pk=hers.pk).exists()
    assert state(job) == ("expired", False, True)


def test_what_is_deleted_once_it_is_written_is_in_no_file(
    alice: User, make: Make, delete: Delete, monkeypatch: pytest.MonkeyPatch
) -> None:
    hers = said(alice, "Hers", "Yes")

    def deliver(*_: Any) -> dict[str, Any]:
        delete(hers)
        return {}

    monkeypatch.setattr(destinations, "deliver", deliver)
    assert state(make(alice)) == ("expired", False, True)


def test_an_attempt_that_begins_again_is_no_more_over(alice: User, delete: Delete) -> None:
    hers, _other = said(alice, "Hers", "Yes"), said(alice, "Stays", "Yes")
    job = asking.ask(alice, wish())
    ExportJob.objects.filter(pk=job.pk).update(
        state="running", attempt=1, root="0" * 64, lease_until="2020-01-01T00:00Z"
    )
    delete(hers)
    job.refresh_from_db()
    assert job.expires_at, "nobody knows what was in it"
    work.make_waiting()
    assert state(job) == ("done", True, True)


def test_with_a_person_all_their_exports_go(alice: User, make: Make, committing: Committing) -> None:
    said(alice, "Hers", "Yes")
    job = make(alice)
    with committing():
        alice.delete()
    assert not job.result.exists()
    assert not job.known.exists()


def test_an_erased_message_is_one_too(alice: User, make: Make, committing: Committing) -> None:
    hers = said(alice, "Hers", "Yes")
    job = make(alice)
    assert not cleaning.tells_what_is_gone(job)
    branches.erase(alice, hers.messages.get(role="assistant").pk)
    assert cleaning.tells_what_is_gone(job)


def test_a_legal_hold_does_not_show_in_ones_exports(alice: User, grace: User, make: Make, delete: Delete) -> None:
    hers = said(alice, "Hers", "Yes")
    holds.put_on(alice, "A court asked for it", grace)
    job = make(alice)
    delete(hers)
    assert Conversation.objects.filter(pk=hers.pk).exists()
    assert state(job) == ("expired", False, True)

"""Only what changed since the last export, and what is there no more."""

import json

import pytest
from django.utils import timezone

from accounts.models import User
from conversations import shelf
from conversations.models import Conversation, Folder
from conversations.refusals import Refused
from exports.jobs import asking, work
from exports.jobs.selection import Selection
from exports.models import ExportJob
from tests.exports.jobs.conftest import Make, files
from tests.exports.many import rate, said

pytestmark = pytest.mark.django_db


def ids(job: ExportJob) -> set[str]:
    return {json.loads(line)["id"] for line in files(job)["conversations.jsonl"].splitlines()}


def gone(job: ExportJob) -> list[tuple[str, str | None]]:
    rows = map(json.loads, files(job)["deletions.jsonl"].splitlines())
    return [(row["conversation"], row["message"]) for row in rows]


def test_nothing_changed_is_an_empty_update(alice: User, make: Make) -> None:
    said(alice, "Hi", "Hello")
    first = make(alice)
    second = make(alice, since=first)
    assert second.is_update
    assert (ids(second), gone(second)) == (set(), [])
    assert "deletions.jsonl" not in files(first)


def test_what_changed_in_any_way_comes_again(alice: User, make: Make) -> None:
    same, rated, renamed, moved = (said(alice, "Hi", "Hello", title=title) for title in "abcd")
    first = make(alice)
    rate(rated, 1)
    Conversation.objects.filter(pk=renamed.pk).update(title="e")  # and updated_at stays as it was
    folder = Folder.objects.create(owner=alice, name="Kitchen")
    Conversation.objects.filter(pk=moved.pk).update(folder=folder)
    new = said(alice, "New", "News")
    second = make(alice, since=first)
    assert ids(second) == {str(one.pk) for one in (rated, renamed, moved, new)}
    folder.name = "Cellar"
    folder.save()
    third = make(alice, since=second)
    assert ids(third) == {str(moved.pk)}
    assert str(same.pk) not in ids(second) | ids(third)


def test_deletions_are_listed_once(alice: User, make: Make) -> None:
    kept, trashed, deleted = (said(alice, "Hi", "Hello") for _ in range(3))
    first = make(alice)
    Conversation.objects.filter(pk=trashed.pk).update(trashed_at=timezone.now())
    Conversation.objects.filter(pk=deleted.pk).update(trashed_at=timezone.now())
    shelf.delete(alice, frozenset({deleted.pk}))
    erased = kept.messages.latest("position")
    Conversation.objects.filter(pk=kept.pk).update(tip=kept.messages.earliest("position"))
    erased_id = str(erased.pk)
    erased.delete()
    second = make(alice, since=first)
    assert ids(second) == {str(kept.pk)}
    assert set(gone(second)) == {(str(kept.pk), erased_id), (str(trashed.pk), None), (str(deleted.pk), None)}
    third = make(alice, since=second)
    assert gone(third) == []
    shelf.restore(alice, frozenset({trashed.pk}))
    assert ids(make(alice, since=third)) == {str(trashed.pk)}


def test_what_the_selection_takes_no_more_is_gone_too(alice: User, make: Make) -> None:
    folder = Folder.objects.create(owner=alice, name="Kitchen")
    inside = said(alice, "Hi", "Hello", folder=folder)
    selection = Selection(folder=folder.pk)
    first = make(alice, selection=selection)
    Conversation.objects.filter(pk=inside.pk).update(folder=None)
    assert gone(make(alice, selection=selection, since=first)) == [(str(inside.pk), None)]


def test_many_changes_in_one_walk(alice: User, make: Make) -> None:
    there = {str(said(alice, f"{number}", "Yes").pk) for number in range(30)}
    first = make(alice)
    some = sorted(there)[::3]
    Conversation.objects.filter(pk__in=some).delete()
    new = {str(said(alice, "New", "Yes").pk) for _ in range(10)}
    second = make(alice, since=first)
    assert ids(second) == new
    assert [conversation for conversation, _message in gone(second)] == some


def test_who_deletes_the_earlier_export_gets_a_complete_one(alice: User, make: Make) -> None:
    mine = said(alice, "Hi", "Hello")
    first = make(alice)
    waiting = asking.update_of(alice, first)
    asking.delete(first)
    first.known.unlink(missing_ok=True)
    work.make_waiting()
    job = ExportJob.objects.get(pk=waiting.pk)
    assert not job.is_update
    assert ids(job) == {str(mine.pk)}
    assert "deletions.jsonl" not in files(job)


def test_what_is_not_known_any_more_is_no_beginning(alice: User, make: Make) -> None:
    first = make(alice)
    first.known.unlink()
    with pytest.raises(Refused, match="since"):
        asking.update_of(alice, first)

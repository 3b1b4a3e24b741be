"""An export from when it is asked for until it is gone."""

import json
import os
import stat
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation, Folder, Tag
from conversations.refusals import Refused
from conversations.search import index
from exports.jobs import asking, cleaning, held, work
from exports.jobs.held import claim
from exports.jobs.selection import Selection
from exports.models import ExportJob
from tests.exports.jobs.conftest import Make, files, wish
from tests.exports.many import rate, said

pytestmark = pytest.mark.django_db

State = ExportJob.State


def ids(job: ExportJob) -> set[str]:
    """The conversations that an export in JSON Lines has."""
    return {json.loads(line)["id"] for line in files(job)["conversations.jsonl"].splitlines()}


def test_what_is_mine_is_in_it_and_nothing_of_others(alice: User, bob: User, make: Make) -> None:
    mine, _his = said(alice, "What is tea?", "A leaf."), said(bob, "A secret")
    said(alice, "In the trash", trashed_at=timezone.now())
    said(alice, "By a program", kind="api")
    job = make(alice)
    assert (job.state, job.problem) == (State.DONE, "")
    assert ids(job) == {str(mine.pk)}
    assert (job.conversations, job.messages, job.total) == (1, 2, 1)
    assert json.loads(files(job)["manifest.json"])["root"] == job.root
    assert job.expires_at is not None
    assert job.expires_at - timezone.now() > timedelta(days=settings.EXPORT_DAYS - 1)


def test_only_the_site_can_read_the_files(alice: User, make: Make) -> None:
    said(alice, "Hi", "Hello")
    job = make(alice)
    for path in (job.result, job.known):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(job.result.parent.stat().st_mode) == 0o700


def test_each_filter_takes_what_it_says(alice: User, make: Make) -> None:
    folder, tag = Folder.objects.create(owner=alice, name="Kitchen"), Tag.objects.create(owner=alice, name="hot")
    tea = said(alice, "What is tea?", "A leaf.", folder=folder)
    beans = said(alice, "What are beans?", "Seeds.", model="large")
    beans.tags.add(tag)
    rate(tea, 1)
    rate(beans, -1)
    Conversation.objects.filter(pk=tea.pk).update(created_at="2025-01-01T12:00Z", updated_at="2025-01-02T12:00Z")
    index.catch_up()
    only_tea, only_beans = {str(tea.pk)}, {str(beans.pk)}

    def found(selection: Selection, **options: Any) -> set[str]:
        return ids(make(alice, selection=selection, **options))

    assert found(Selection()) == only_tea | only_beans
    assert found(Selection(folder=folder.pk)) == only_tea
    assert found(Selection(tag=tag.pk)) == only_beans
    assert found(Selection(since="2025-01-03")) == only_beans
    assert found(Selection(since="2025-01-02")) == only_tea | only_beans
    assert found(Selection(until="2025-01-01")) == only_tea
    assert found(Selection(until="2024-12-31")) == set()
    assert found(Selection(query="leaf")) == only_tea
    assert found(Selection(query="nowhere")) == set()
    assert found(Selection(), model="large") == only_beans
    assert found(Selection(), rating=1) == only_tea
    assert found(Selection(), rating=1, model="large") == set()
    assert found(Selection(), reviewed=True) == set()


def test_one_at_a_time_of_a_person_and_others_meanwhile(alice: User, bob: User) -> None:
    first, second = asking.ask(alice, wish()), asking.ask(alice, wish())
    his = asking.ask(bob, wish())
    assert claim() == first
    assert claim() == his
    assert claim() is None
    second.refresh_from_db()
    assert second.state == State.WAITING
    work.make(ExportJob.objects.get(pk=first.pk))
    assert claim() == second


def test_so_many_wait_and_no_more(alice: User) -> None:
    for _ in range(asking.MOST_OPEN):
        asking.ask(alice, wish())
    with pytest.raises(Refused, match="too_many"):
        asking.ask(alice, wish())


def lapse(job: ExportJob) -> None:
    ExportJob.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))


def test_what_a_killed_process_left_is_taken_up_again_and_made_whole(alice: User) -> None:
    said(alice, "Hi", "Hello")
    asking.ask(alice, wish())
    dead = claim()
    assert dead
    dead.result.write_bytes(b"half of it")
    assert claim() is None, "its lease holds"
    lapse(dead)
    work.make_waiting()
    job = ExportJob.objects.get(pk=dead.pk)
    assert (job.state, job.attempt) == (State.DONE, 2)
    assert len(ids(job)) == 1
    assert not dead.result.exists()


def test_what_kills_every_process_fails_and_says_so(alice: User) -> None:
    job = asking.ask(alice, wish())
    for _ in range(held.MOST_ATTEMPTS):
        assert claim()
        lapse(job)
    assert claim() is None
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert "interrupted" in job.trouble


def test_an_older_attempt_changes_nothing(alice: User) -> None:
    said(alice, "Hi", "Hello")
    asking.ask(alice, wish())
    old = claim()
    assert old
    lapse(old)
    new = claim()
    assert new
    work.make(old)
    assert not old.result.exists()
    new.refresh_from_db()
    assert new.state == State.RUNNING
    work.make(new)
    new.refresh_from_db()
    assert new.state == State.DONE


def test_cancel_ends_what_waits_and_what_is_being_made(
    alice: User, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = asking.ask(alice, wish())
    asking.cancel(ExportJob.objects.filter(pk=waiting.pk))
    assert claim() is None
    said(alice, "Hi", "Hello")
    job = asking.ask(alice, wish())
    running = claim()
    assert running == job
    asking.cancel(ExportJob.objects.filter(pk=job.pk))
    monkeypatch.setattr(held, "BEAT_S", 0.0)
    work.make(running)
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert not running.result.exists()
    assert not running.known.exists()


def test_deleted_while_it_is_made_leaves_nothing(
    alice: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    said(alice, "Hi", "Hello")
    job = asking.ask(alice, wish())
    running = claim()
    assert running
    with django_capture_on_commit_callbacks(execute=True):
        asking.delete(job)
    monkeypatch.setattr(held, "BEAT_S", 0.0)
    work.make(running)
    assert not running.result.exists()
    assert not ExportJob.objects.exists()


def test_a_fault_is_told_without_what_people_wrote(
    alice: User, make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    said(alice, "Hi", "Hello")

    def broken(*_: Any) -> None:
        raise ValueError("what people wrote")

    monkeypatch.setattr("exports.canonical.tree", broken)
    job = make(alice)
    assert (job.state, job.problem) == (State.FAILED, "fault")
    assert "ValueError" in caplog.text
    assert "what people wrote" not in caplog.text


def test_a_full_disk_is_told_as_one(alice: User, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("exports.jobs.archive.os.fsync", full)
    job = make(alice)
    assert (job.state, job.problem) == (State.FAILED, "disk")
    assert not job.result.exists()


def test_results_expire_and_rows_are_forgotten_later(alice: User, make: Make) -> None:
    said(alice, "Hi", "Hello")
    job = make(alice)
    assert cleaning.expire() == 0
    ExportJob.objects.update(expires_at=Now() - timedelta(seconds=1))
    assert cleaning.expire() == 1
    job.refresh_from_db()
    assert job.state == State.EXPIRED
    assert not job.result.exists()
    assert job.known.exists(), "for whoever follows"
    ExportJob.objects.update(finished_at=F("finished_at") - cleaning.ROWS_KEPT - timedelta(days=1))
    cleaning.forget()
    assert not ExportJob.objects.exists()


def test_files_of_no_export_go_after_a_day(alice: User, make: Make) -> None:
    job = make(alice)
    stray = job.result.with_name("00000000-0000-0000-0000-000000000000-1.zip")
    young, foreign = stray.with_suffix(".known"), stray.with_name("keep me")
    for path in (stray, young, foreign):
        path.write_bytes(b"")
    for path in (stray, foreign, job.result):
        os.utime(path, (0, 0))
    cleaning.forget()
    assert not stray.exists()
    assert young.exists()
    assert foreign.exists()
    assert job.result.exists()


def test_what_the_last_of_the_killed_left_goes_too(alice: User) -> None:
    job = ExportJob.objects.create(owner=alice, form="jsonl", state=State.FAILED, attempt=held.MOST_ATTEMPTS)
    job.result.write_bytes(b"half of it")
    os.utime(job.result, (0, 0))
    cleaning.forget()
    assert not job.result.exists()

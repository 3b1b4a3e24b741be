"""Exports that are made again and again, and put where the operator said."""

import json
import stat
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from conversations.refusals import Refused
from exports.jobs import asking, destinations, work
from exports.models import ExportJob, Schedule
from tests.exports.jobs.conftest import wish
from tests.exports.many import said

pytestmark = pytest.mark.django_db


def schedule(user: User, *, delivers: bool = False, only_changes: bool = True) -> Schedule:
    return asking.make_schedule(user, wish(), "day", only_changes=only_changes, delivers=delivers)


def run_a_day_later() -> ExportJob:
    Schedule.objects.update(next_at=timezone.now() - timedelta(minutes=1))
    assert asking.ask_for_due() == 1
    work.make_waiting()
    return ExportJob.objects.latest("created_at", "attempt")


def test_it_is_asked_for_when_it_is_due_and_once(alice: User) -> None:
    said(alice, "Hi", "Hello")
    made = schedule(alice)
    assert asking.ask_for_due() == 1, "the first at once"
    assert asking.ask_for_due() == 0
    made.refresh_from_db()
    assert timedelta(hours=23) < made.next_at - timezone.now() <= timedelta(days=1)
    job = ExportJob.objects.get()
    assert (job.owner, job.schedule) == (alice, made)


def test_what_was_missed_is_asked_for_once(alice: User) -> None:
    made = schedule(alice)
    Schedule.objects.update(next_at=timezone.now() - timedelta(days=5, hours=1))
    assert asking.ask_for_due() == 1
    made.refresh_from_db()
    assert timedelta(hours=22) < made.next_at - timezone.now() < timedelta(days=1)


def test_after_the_first_only_what_changed(alice: User) -> None:
    said(alice, "Hi", "Hello")
    schedule(alice)
    first = run_a_day_later()
    assert (first.is_update, first.conversations) == (False, 1)
    said(alice, "New", "News")
    second = run_a_day_later()
    assert (second.is_update, second.since, second.conversations) == (True, first, 1)


def test_or_all_of_it_each_time(alice: User) -> None:
    said(alice, "Hi", "Hello")
    schedule(alice, only_changes=False)
    run_a_day_later()
    assert run_a_day_later().conversations == 1


def test_so_many_and_no_more(alice: User) -> None:
    for _ in range(asking.MOST_SCHEDULES):
        schedule(alice)
    with pytest.raises(Refused, match="too_many"):
        schedule(alice)


def test_nothing_is_due_for_who_is_gone(alice: User) -> None:
    schedule(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert asking.ask_for_due() == 0


def test_a_folder_gets_whole_files_that_only_the_site_can_read(alice: User, settings: Any, tmp_path: Path) -> None:
    settings.EXPORTS_TO = str(tmp_path / "out")
    said(alice, "Hi", "Hello")
    made = schedule(alice, delivers=True)
    job = run_a_day_later()
    assert (job.is_delivered, job.problem) == (True, "")
    (put,) = (tmp_path / "out" / f"schedule-{made.pk}").iterdir()
    assert put.name == f"{job.created_at:%Y%m%dT%H%M%SZ}-all-{job.pk}.zip"
    assert put.read_bytes() == job.result.read_bytes()
    assert stat.S_IMODE(put.stat().st_mode) == 0o600


def test_nothing_goes_where_the_operator_did_not_say(alice: User, settings: Any) -> None:
    settings.EXPORTS_TO = ""
    with pytest.raises(Refused, match="delivers"):
        schedule(alice, delivers=True)


def test_what_did_not_arrive_is_in_the_next_one(alice: User, settings: Any, tmp_path: Path) -> None:
    settings.EXPORTS_TO = str(tmp_path / "file" / "out")
    (tmp_path / "file").write_text("no folder")
    said(alice, "Hi", "Hello")
    schedule(alice, delivers=True)
    lost = run_a_day_later()
    assert (lost.state, lost.problem, lost.is_delivered) == (ExportJob.State.DONE, "delivery", False)
    assert "could not be put" in lost.trouble
    settings.EXPORTS_TO = str(tmp_path / "out")
    job = run_a_day_later()
    assert (job.is_update, job.conversations, job.is_delivered) == (False, 1, True)


@pytest.mark.long
def test_a_bucket_of_a_server_that_speaks_s3_gets_it_too(alice: User, settings: Any, s3: str) -> None:
    settings.EXPORTS_TO, settings.EXPORTS_S3_ENDPOINT = "s3://exports/team", s3
    settings.EXPORTS_S3_KEY = settings.EXPORTS_S3_SECRET = "testing"
    said(alice, "Hi", "Hello")
    made = schedule(alice, delivers=True)
    job = run_a_day_later()
    assert (job.problem, job.is_delivered) == ("", True)
    name = f"schedule-{made.pk}/{job.created_at:%Y%m%dT%H%M%SZ}-all-{job.pk}.zip"
    bucket = destinations.storage(settings.EXPORTS_TO)
    with bucket.open(name) as file, zipfile.ZipFile(file) as read:
        assert json.loads(read.read("manifest.json"))["root"] == job.root
    settings.EXPORTS_TO = "s3://nowhere/team"
    assert run_a_day_later().problem == "delivery"

"""The page of one's own exports, through its doors."""

import zipfile
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone

from accounts.models import User
from exports.jobs import asking, work
from exports.models import ExportJob, Schedule
from tests.exports.many import said

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]

PAGE = "/exports/"
State = ExportJob.State


@pytest.fixture(autouse=True)
def no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "tell", lambda: None)


@pytest.fixture
def made(client: Client, alice: User) -> ExportJob:
    """Asked for on the page, and made."""
    said(alice, "What is tea?", "A leaf.")
    client.force_login(alice)
    answer = client.post(PAGE, {"form": "jsonl"})
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    work.make_waiting()
    return ExportJob.objects.get()


def test_the_page_shows_what_there_is_and_how_it_stands(client: Client, made: ExportJob) -> None:
    shown = client.get(PAGE).content.decode()
    assert f"/exports/{made.pk}/file/" in shown
    assert "1 conversation ·" in shown
    assert "data-open" not in shown, "nothing to wait for"
    ExportJob.objects.update(state=State.RUNNING, total=4, done=1, owner=made.owner)
    fragment = client.get("/exports/list/").content.decode()
    assert "data-open" in fragment
    assert 'value="25"' in fragment
    assert "<html" not in fragment


def test_the_file_comes_in_parts_under_its_name(client: Client, made: ExportJob) -> None:
    answer: Any = client.get(f"/exports/{made.pk}/file/")
    assert answer.streaming
    whole = async_to_sync(collected)(answer.streaming_content)
    assert len(whole) == made.size == int(answer["Content-Length"])
    assert answer["Content-Disposition"] == f'attachment; filename="{made.file_name}"'
    assert answer["Cache-Control"] == "no-store"
    with zipfile.ZipFile(BytesIO(whole)) as read:
        assert read.testzip() is None


async def collected(parts: AsyncIterator[bytes]) -> bytes:
    return b"".join([part async for part in parts])


def test_who_it_is_not_of_finds_nothing_by_its_id(client: Client, made: ExportJob, bob: User, grace: User) -> None:
    for stranger in (bob, grace):
        client.force_login(stranger)
        assert client.get(f"/exports/{made.pk}/file/").status_code == 404
        for verb in ("cancel", "delete", "update"):
            assert client.post(f"/exports/{made.pk}/{verb}/").status_code == 404
        assert str(made.pk) not in client.get(PAGE).content.decode()
    made.refresh_from_db()
    assert (made.state, ExportJob.objects.count()) == (State.DONE, 1)


def test_there_is_no_file_before_it_is_done_nor_after_it_expired(client: Client, made: ExportJob) -> None:
    for state in (State.RUNNING, State.FAILED, State.EXPIRED):
        ExportJob.objects.update(state=state)
        assert client.get(f"/exports/{made.pk}/file/").status_code == 404
    ExportJob.objects.update(state=State.DONE)
    made.result.unlink()
    assert client.get(f"/exports/{made.pk}/file/").status_code == 404


def test_what_changed_since_is_one_press_away(client: Client, made: ExportJob) -> None:
    assert client.post(f"/exports/{made.pk}/update/").status_code == 302
    work.make_waiting()
    update = ExportJob.objects.exclude(pk=made.pk).get()
    assert (update.since, update.is_update, update.conversations) == (made, True, 0)
    made.known.unlink()
    answer = client.post(f"/exports/{made.pk}/update/")
    assert answer.status_code == 422
    assert "Ask for a complete one" in answer.content.decode()


def test_cancel_and_delete(client: Client, made: ExportJob) -> None:
    client.post(PAGE, {"form": "csv"})
    waiting = ExportJob.objects.get(form="csv")
    client.post(f"/exports/{waiting.pk}/cancel/")
    waiting.refresh_from_db()
    assert waiting.state == State.CANCELLED
    client.post(f"/exports/{waiting.pk}/delete/")
    assert not ExportJob.objects.filter(pk=waiting.pk).exists()


def test_what_is_deleted_is_named_with_what_stays(client: Client, made: ExportJob) -> None:
    client.post(PAGE, {"form": "csv", "every": "week"})
    shown = client.get(PAGE).content.decode()
    assert f"With “{made.label}” go its file" in shown
    assert f"“{Schedule.objects.get().label}” is not made any more." in shown
    assert shown.count("The conversations stay.") == 1, "what is still made is cancelled instead"


def test_what_is_wrong_is_said_beside_its_field(client: Client, alice: User) -> None:
    client.force_login(alice)
    answer = client.post(PAGE, {"form": "chunks", "size": "1"})
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "greater than or equal to 64" in shown
    assert '<details class="export-part" open>' in shown, "the part with the fault is open"
    assert not ExportJob.objects.exists()


def test_a_schedule_is_made_and_deleted_on_the_page(client: Client, alice: User, bob: User) -> None:
    client.force_login(alice)
    client.post(PAGE, {"form": "jsonl", "every": "week", "only_changes": "on"})
    made = Schedule.objects.get()
    assert (made.owner, made.every, made.only_changes, made.delivers) == (alice, "week", True, False)
    assert made.next_at <= timezone.now()
    assert "each week" in client.get(PAGE).content.decode()
    client.force_login(bob)
    assert client.post(f"/exports/schedules/{made.pk}/delete/").status_code == 404
    client.force_login(alice)
    assert client.post(f"/exports/schedules/{made.pk}/delete/").status_code == 302
    assert not Schedule.objects.exists()


def test_the_menu_leads_here(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert 'href="/exports/"' in client.get("/").content.decode()


def test_what_is_wrong_stands_at_its_field_and_what_was_said_stays(client: Client, made: ExportJob) -> None:
    answer = client.post(PAGE, {"form": "csv", "since": "2026-11-20", "until": "2026-11-01", "query": "tea"})
    page = answer.content.decode()
    wrong = page[page.index('name="until"') :]
    assert 'aria-describedby="id_until_error"' in wrong.partition(">")[0]
    assert wrong.index('id="id_until_error"') < wrong.index("</div>")
    assert 'value="tea"' in page
    assert '<p class="kept-name">JSON Lines</p>' in page, "what it is, without how it is"

"""The pages of an import: a file is looked at first, imported when its owner says so, and nobody else sees of it."""

import io
import json
import os
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.models import Entry
from conversations.models import Conversation
from exports import tasks
from exports.imports import jobs, running
from exports.imports.rows import Import, folder
from limits.models import Restraint
from tests.exports.imports import samples

pytestmark = pytest.mark.django_db
PAGE = "/exports/import/"


@pytest.fixture(autouse=True)
def called(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> list[str]:
    """How often a worker was called for; files are kept in a folder of the test's own."""
    settings.DATA_DIR = tmp_path
    calls: list[str] = []
    monkeypatch.setattr(tasks.read_imports, "delay", lambda: calls.append("read"))
    return calls


@pytest.fixture
def hers(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


def uploaded(data: bytes, name: str = "conversations.json") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "application/json")


def post(client: Client, data: bytes, **more: Any) -> Any:
    return client.post(PAGE, {"file": uploaded(data), "source": "auto", **more})


def one() -> Import:
    return Import.objects.get()


GOOD = samples.dumped(samples.chatgpt(), {"title": "<b>odd</b>"}, samples.librechat())


def test_a_file_is_looked_at_confirmed_and_imported(
    hers: Client, alice: User, called: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = post(hers, GOOD)
    assert (answer.status_code, called) == (302, ["read"])
    assert answer["Location"] == f"{PAGE}{one().pk}/"
    assert "The file waits to be looked through." in hers.get(answer["Location"]).content.decode()
    assert jobs.read_waiting() == 1
    page = hers.get(answer["Location"]).content.decode()
    assert "Nothing is imported yet." in page
    assert "Import 2 conversations" in page
    assert "Not a conversation of a program that is known here." in page
    assert "&lt;b&gt;odd&lt;/b&gt;" in page
    assert not Conversation.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert hers.post(f"{answer['Location']}begin/").status_code == 302
        hers.post(f"{answer['Location']}begin/")
    assert called == ["read"] * 2
    assert one().path.stat().st_mode & 0o777 == 0o600
    with django_capture_on_commit_callbacks(execute=True):
        jobs.read_waiting()
    page = hers.get(answer["Location"]).content.decode()
    assert "Imported." in page
    assert "ChatGPT (1)" in page
    assert Conversation.objects.visible_to(alice).count() == 2
    assert list(folder().iterdir()) == []
    assert Entry.objects.get(action="conversations.imported").details["new"] == 2


def test_a_file_with_nothing_new_needs_no_word(hers: Client, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        post(hers, b"[]")
        jobs.read_waiting()
    assert one().state == "done"
    assert "There is nothing new in this file." in hers.get(one().get_absolute_url()).content.decode()
    assert list(folder().iterdir()) == []


@pytest.mark.parametrize(
    ("data", "says"), [(b"", "The file is empty."), (b"hello", "no JSON"), (b"\x1f\x8b\x08\x00\x00\x00", "Unpack it")]
)
def test_a_file_that_is_none_says_why(hers: Client, data: bytes, says: str) -> None:
    post(hers, data)
    jobs.read_waiting()
    page = hers.get(one().get_absolute_url()).content.decode()
    assert says in page
    assert "nothing new" not in page
    assert "New conversations" not in page


def test_a_refused_file_is_corrected_and_sent_again(hers: Client, django_capture_on_commit_callbacks: Any) -> None:
    post(hers, b"hello", source="chatgpt")
    jobs.read_waiting()
    refused = hers.get(one().get_absolute_url()).content.decode()
    assert f'<a class="button" href="{PAGE}?source=chatgpt">Choose another file</a>' in refused
    form = hers.get(f"{PAGE}?source=chatgpt").content.decode()
    assert '<option value="chatgpt" selected>' in form
    assert "Refused · 5" in form
    assert "Done" not in form
    with django_capture_on_commit_callbacks(execute=True):
        ready = post(hers, samples.dumped(samples.chatgpt()), source="chatgpt")["Location"]
        jobs.read_waiting()
    page = hers.get(ready).content.decode()
    assert "Import 1 conversation<" in page
    assert "Choose another file" not in page
    with django_capture_on_commit_callbacks(execute=True):
        hers.post(f"{ready}begin/")
        jobs.read_waiting()
    assert "Done · " in hers.get(PAGE).content.decode()


@pytest.mark.parametrize("query", ["?source=myspace", "?source=", "?file=x&source=%00"])
def test_a_source_that_is_none_chooses_none(hers: Client, query: str) -> None:
    page = hers.get(f"{PAGE}{query}")
    assert (page.status_code, "selected" in page.content.decode().partition("<form")[2].partition("</form>")[0]) == (
        200,
        False,
    )


def test_what_is_wrong_with_the_form_is_said(hers: Client) -> None:
    answer = hers.post(PAGE, {"source": "auto"})
    assert (answer.status_code, "This field is required." in answer.content.decode()) == (400, True)
    assert 'aria-describedby="file-hint file-error" aria-invalid="true"' in answer.content.decode()
    assert post(hers, b"{}", source="myspace").status_code == 400
    assert not Import.objects.exists()


def test_a_file_that_is_too_large_is_not_kept(hers: Client, settings: Any) -> None:
    settings.IMPORT_MB = 1
    answer = post(hers, b"x" * ((1 << 20) + 1))
    assert "The file has more than 1 MB." in answer.content.decode()
    assert not Import.objects.exists()
    assert list(folder().iterdir()) == []


def test_a_full_disk_is_told_as_one(hers: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("exports.imports.jobs.os.fdopen", full)
    answer = post(hers, GOOD)
    assert (answer.status_code, "The site has no room to write it" in answer.content.decode()) == (400, True)
    assert not Import.objects.exists()
    assert list(folder().iterdir()) == []


def test_one_file_at_a_time(hers: Client, django_capture_on_commit_callbacks: Any) -> None:
    post(hers, GOOD)
    answer = post(hers, GOOD)
    assert (answer.status_code, "A file of yours is being read." in answer.content.decode()) == (400, True)
    assert len(list(folder().iterdir())) == 1
    jobs.read_waiting()
    with django_capture_on_commit_callbacks(execute=True):
        assert post(hers, GOOD).status_code == 302  # in the place of the one that waited for a word
    assert sorted(Import.objects.values_list("state", flat=True)) == ["cancelled", "waiting"]
    assert len(list(folder().iterdir())) == 1


def test_who_is_suspended_imports_nothing(hers: Client, alice: User, grace: User) -> None:
    Restraint.objects.create(user=alice, kind="suspend", by=grace)
    assert "your account is suspended" in post(hers, GOOD).content.decode()
    assert not Import.objects.exists()


def test_what_was_cancelled_is_gone(hers: Client, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        post(hers, GOOD)
        hers.post(f"{one().get_absolute_url()}cancel/")
    assert one().state == "cancelled"
    assert list(folder().iterdir()) == []
    assert jobs.read_waiting() == 0
    assert "Nothing was imported." in hers.get(one().get_absolute_url()).content.decode()


def test_one_that_is_read_ends_when_it_is_cancelled(hers: Client, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BEAT_S", -1.0)
    post(hers, GOOD)
    monkeypatch.setattr(jobs, "bring_in", _cancelling(alice))
    jobs.read_waiting()
    assert one().state == "cancelled"


def _cancelling(alice: User) -> Any:
    def bring_in(*args: Any, **more: Any) -> Any:
        jobs.cancel(alice, one().pk)
        return real(*args, **more)

    real = running.bring_in
    return bring_in


def test_one_whose_worker_died_is_read_again_and_not_for_ever(
    hers: Client, django_capture_on_commit_callbacks: Any
) -> None:
    post(hers, GOOD)
    long_ago = timezone.now() - timedelta(hours=1)
    Import.objects.update(state="running", attempt=1, lease_until=long_ago)
    assert jobs.read_waiting() == 1
    assert (one().state, one().attempt) == ("ready", 2)
    Import.objects.update(state="running", attempt=3, lease_until=long_ago)
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.read_waiting() == 0
    assert one().state == "failed"
    assert list(folder().iterdir()) == []
    assert "You may try it again" in hers.get(one().get_absolute_url()).content.decode()


def test_whoever_only_looked_through_it_ends_no_import(hers: Client, alice: User) -> None:
    """It was held up, another took its place, and the import in earnest began meanwhile: at the same attempt."""
    post(hers, GOOD)
    slow = jobs._claimed()
    assert slow
    Import.objects.update(state="ready")
    jobs.confirm(alice, slow.pk, lambda: None)
    earnest = jobs._claimed()
    assert earnest
    assert (earnest.dry, earnest.attempt) == (False, slow.attempt)
    jobs._read(slow)
    assert one().state == "running"
    jobs._read(earnest)
    assert one().state == "done"


def test_a_fault_is_told_without_a_word_of_the_file(
    hers: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("Penguins")

    monkeypatch.setattr(jobs, "bring_in", fail)
    post(hers, GOOD)
    jobs.read_waiting()
    assert one().state == "failed"
    assert "RuntimeError" in caplog.text
    assert "Penguins" not in caplog.text


def test_nothing_of_a_file_is_logged(hers: Client, caplog: pytest.LogCaptureFixture) -> None:
    post(hers, GOOD)
    jobs.read_waiting()
    assert "conversations, 1 skipped." in caplog.text
    assert not [word for word in ("Penguins", "penguins", "odd", "Wet") if word in caplog.text]


def test_a_stranger_sees_nothing_of_it(hers: Client, mallory: User) -> None:
    post(hers, GOOD)
    jobs.read_waiting()
    other = Client()
    other.force_login(mallory)
    address = one().get_absolute_url()
    assert "conversations.json" in hers.get(PAGE).content.decode()
    assert "conversations.json" not in other.get(PAGE).content.decode()
    for answer in (other.get(address), other.post(f"{address}begin/"), other.post(f"{address}cancel/")):
        assert answer.status_code == 404
        assert "conversations.json" not in answer.content.decode()
    assert one().state == "ready"


def test_the_pages_of_exports_and_imports_lead_to_each_other(hers: Client) -> None:
    assert f'href="{PAGE}"' in hers.get("/exports/").content.decode()
    assert 'href="/exports/"' in hers.get(PAGE).content.decode()


def test_a_file_goes_with_its_owner(hers: Client, alice: User, django_capture_on_commit_callbacks: Any) -> None:
    post(hers, GOOD)
    path = one().path
    with django_capture_on_commit_callbacks(execute=True):
        alice.delete()
    assert not path.exists()


def test_a_file_of_nobody_goes_after_a_day(hers: Client) -> None:
    path = folder() / "00000000-0000-0000-0000-000000000000.file"
    path.write_bytes(GOOD)  # of an upload that was broken off
    tasks.forget_imports()
    assert path.exists()
    os.utime(path, (0, 0))
    tasks.forget_imports()
    assert not path.exists()


def test_what_nobody_confirms_goes_after_a_day(hers: Client, django_capture_on_commit_callbacks: Any) -> None:
    post(hers, GOOD)
    jobs.read_waiting()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.forget_imports()
    assert one().path.exists()
    Import.objects.update(finished_at=timezone.now() - timedelta(hours=25))
    with django_capture_on_commit_callbacks(execute=True):
        tasks.forget_imports()
    assert one().state == "cancelled"
    assert list(folder().iterdir()) == []
    Import.objects.update(created_at=timezone.now() - timedelta(days=31))
    tasks.forget_imports()
    assert not Import.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_imported_conversation_is_shown_as_any_other(hers: Client, alice: User, model: object) -> None:
    post(hers, GOOD)
    jobs.read_waiting()
    jobs.confirm(alice, one().pk, lambda: None)
    jobs.read_waiting()
    for conversation in Conversation.objects.visible_to(alice):
        page = hers.get(conversation.url).content.decode()
        assert conversation.title in page
        assert "gpt-" in page


def test_a_report_in_chinese_has_no_english(hers: Client) -> None:
    wrong = {"format": "chatsite/conversation", "version": 1, "messages": [], "id": "x"}
    post(hers, json.dumps([{"title": "x"}, 7, wrong]).encode())
    jobs.read_waiting()
    page = hers.get(one().get_absolute_url(), headers={"Accept-Language": "zh-hans"}).content.decode()
    for english in ("Skipped", "Not a conversation", "Unchanged", "nothing new", "at byte", "must be", "a UUID"):
        assert english not in page
    assert "必须是 UUID" in page


def test_the_sample_is_what_the_stories_say() -> None:
    assert len(json.load(io.BytesIO(GOOD))) == 3

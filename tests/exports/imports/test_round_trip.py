"""A whole site's export, imported on an empty one and exported again: the same manifest, byte by byte."""

import json
import zipfile
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from audit.models import Entry
from conversations.models import Conversation, Edit, Message, Nomination
from conversations.models.nomination import Judgement
from exports import reviewing
from exports.jobs.archive import ABOUT, ITEMS, MANIFEST
from exports.jobs.verifying import verify
from exports.models import ExportJob
from exports.reviewing import Verdict
from moderation.models import Incident, Rule
from tests.exports.imports.test_restoring import admins_read, empty, site
from tests.exports.many import said
from tests.exports.talks import conversation

pytestmark = pytest.mark.django_db
__all__ = ["admins_read", "site"]

Files = dict[str, bytes]
NATIVE = "conversations.jsonl"


def exported(path: Path, **more: Any) -> Files:
    """Of all people, by the command; what is in the zip."""
    told = {"everyone": True, "named": True, "reasoning": True, "reason": "The site moves", **more}
    call_command("export", "grace", str(path), stdout=StringIO(), stderr=StringIO(), **told)
    assert verify(path).faults == []
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def imported(path: Path, **more: Any) -> str:
    out = StringIO()
    call_command("import_conversations", path, owners=True, stdout=out, stderr=StringIO(), **more)
    return out.getvalue()


def lines(files: Files) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files[NATIVE].splitlines()]


def empty_all() -> None:
    """But for who administers it."""
    empty(*User.objects.exclude(username="grace"))


def judge(owner: User, judge: User, state: str, text: str = "A line.", reason: str = "") -> Conversation:
    """A conversation of a person's whose reply was marked and decided on."""
    talk = conversation(owner, asked=f"{state}?")
    row = Nomination.objects.create(reply=talk.messages.get(role="assistant"))
    if state != "nominated":
        reviewing.decide(judge, row.pk, Verdict(Judgement(state), 0, text, reason))
    return talk


@pytest.fixture
def reviewer(db: None) -> User:
    return User.objects.create_superuser("rita", "rita@example.org", "rita's password")


@pytest.fixture
def reviewed(alice: User, bob: User, reviewer: User) -> Conversation:
    """One that was approved with another text; beside it one of each other kind."""
    judge(alice, reviewer, "nominated")
    judge(bob, reviewer, "approved")
    judge(alice, reviewer, "declined", reason="Not of use")
    return judge(alice, reviewer, "approved", "A line of waiting things.")


@pytest.mark.usefixtures("site", "reviewed", "model")
def test_an_empty_site_gets_it_and_exports_the_same_manifest(grace: User, tmp_path: Path) -> None:
    before = exported(tmp_path / "before.zip")
    empty_all()
    ExportJob.objects.all().delete()
    assert not Message.objects.exists()
    said_of_it = imported(tmp_path / "before.zip")
    after = exported(tmp_path / "after.zip")
    assert len(lines(after)) == 6
    assert "4 reviews came back." in said_of_it
    assert after[MANIFEST] == before[MANIFEST]
    assert after[ITEMS] == before[ITEMS]
    assert after[ABOUT] != before[ABOUT]
    assert imported(tmp_path / "before.zip").startswith("0 conversations new, 0 grown, 6 unchanged, 0 skipped")
    assert exported(tmp_path / "again.zip")[MANIFEST] == before[MANIFEST]


@pytest.mark.usefixtures("model")
def test_reviews_come_back_with_the_original_and_who_decided(
    reviewed: Conversation, grace: User, tmp_path: Path
) -> None:
    reply = reviewed.messages.get(role="assistant").pk
    exported(tmp_path / "all.zip")
    empty_all()
    imported(tmp_path / "all.zip", dry_run=True)
    assert not Nomination.objects.exists()
    imported(tmp_path / "all.zip")
    one = Nomination.objects.get(reply=reply)
    assert one.decided_by
    assert (one.state, one.decided_by.username, one.reply.text) == ("approved", "rita", "A line.")
    assert reviewing.text_of(one) == "A line of waiting things."
    assert not one.decided_by.is_active
    assert not one.decided_by.is_superuser
    assert Edit.objects.get().by is None, "the file does not say who wrote it"
    assert Entry.objects.filter(action="conversations.imported").latest("pk").details["reviews"] == 4


@pytest.mark.usefixtures("reviewed", "model")
def test_why_one_was_declined_comes_back(grace: User, tmp_path: Path) -> None:
    before = exported(tmp_path / "all.zip")
    reasons = sorted(item["review"]["reason"] for one in lines(before) for item in one["messages"] if item["review"])
    assert reasons == ["", "", "", "Not of use"]
    empty_all()
    imported(tmp_path / "all.zip")
    declined = Nomination.objects.get(state="declined")
    assert declined.reason == "Not of use"
    assert set(Nomination.objects.exclude(pk=declined.pk).values_list("reason", flat=True)) == {""}
    assert exported(tmp_path / "after.zip")[MANIFEST] == before[MANIFEST]


@pytest.mark.usefixtures("model")
def test_in_a_reason_too_addresses_are_taken_out(bob: User, reviewer: User, grace: User, tmp_path: Path) -> None:
    judge(bob, reviewer, "declined", reason="Ask carol@example.org")
    (talk,) = lines(exported(tmp_path / "all.zip"))
    assert talk["messages"][1]["review"]["reason"] == "Ask [e-mail]"
    assert talk["redactions"] == {"emails": 1}


@pytest.mark.usefixtures("reviewed", "model")
def test_a_file_of_before_reasons_were_kept_is_read(grace: User, tmp_path: Path) -> None:
    files = exported(tmp_path / "all.zip")
    older = lines(files)
    for item in (item for one in older for item in one["messages"] if item["review"]):
        del item["review"]["reason"]
    empty_all()
    (tmp_path / "older.jsonl").write_text("".join(json.dumps(one) + "\n" for one in older))
    assert "4 reviews came back." in imported(tmp_path / "older.jsonl")
    assert Nomination.objects.get(state="declined").reason == ""


@pytest.mark.usefixtures("model")
def test_of_what_was_approved_the_original_comes_back_too(reviewed: Conversation, grace: User, tmp_path: Path) -> None:
    before = exported(tmp_path / "approved.zip", reviewed=True)
    assert len(lines(before)) == 2
    reply = reviewed.messages.get(role="assistant").pk
    empty_all()
    imported(tmp_path / "approved.zip")
    assert Message.objects.get(pk=reply).text == "A line."
    assert exported(tmp_path / "after.zip", reviewed=True)[MANIFEST] == before[MANIFEST]


@pytest.mark.usefixtures("reviewed", "model")
def test_a_person_who_imports_a_file_approves_nothing(grace: User, tmp_path: Path) -> None:
    exported(tmp_path / "all.zip")
    call_command("import_conversations", tmp_path / "all.zip", person="grace", stdout=StringIO(), stderr=StringIO())
    assert Conversation.objects.visible_to(grace).count() == 4
    assert not Nomination.objects.filter(reply__conversation__owner=grace).exists()


@pytest.mark.usefixtures("model")
def test_what_rules_found_and_took_out_is_not_carried_and_the_content_is(
    alice: User, grace: User, tmp_path: Path
) -> None:
    talk = said(alice, "Write to bob@example.org", "Done.")
    rule = Rule.objects.create(name="tea", words="tea")
    Incident.objects.create(
        rule=rule.pk,
        message=talk.messages.get(position=1).pk,
        conversation=talk.pk,
        user=alice,
        action="mask",
        dry_run=False,
    )
    before = exported(tmp_path / "before.zip")
    empty_all()
    Incident.objects.all().delete()
    imported(tmp_path / "before.zip")
    after = exported(tmp_path / "after.zip")
    assert after[ITEMS] == before[ITEMS]
    assert json.loads(after[MANIFEST])["root"] == json.loads(before[MANIFEST])["root"]
    (one,), (other,) = lines(before), lines(after)
    assert (one.pop("redactions"), other.pop("redactions")) == ({"emails": 1}, {})
    assert one["messages"][1].pop("moderation")
    assert other["messages"][1].pop("moderation") == []
    assert one == other


@pytest.mark.usefixtures("model")
def test_what_was_said_otherwise_is_another_content(alice: User, grace: User, tmp_path: Path) -> None:
    talk = said(alice, "Hi", "Hello")
    before = exported(tmp_path / "before.zip")
    talk.messages.filter(position=1).update(text="Hallo")
    after = exported(tmp_path / "after.zip")
    assert after[ITEMS] != before[ITEMS]
    assert json.loads(after[MANIFEST])["root"] != json.loads(before[MANIFEST])["root"]


@pytest.mark.usefixtures("model")
def test_all_people_are_all_but_what_a_legal_hold_keeps(alice: User, bob: User, grace: User, tmp_path: Path) -> None:
    for person in (alice, bob, grace):
        said(person, "Hi", "Hello")
    said(alice, "Deleted", "Yes", gone_at=timezone.now())
    said(alice, "In the trash", "Yes", trashed_at=timezone.now())
    files = exported(tmp_path / "all.zip")
    assert sorted(one["owner"] for one in lines(files)) == ["alice", "bob", "grace"]
    entry = Entry.objects.get(action="export.asked")
    assert (entry.details["everyone"], entry.details["reason"]) == (True, "The site moves")

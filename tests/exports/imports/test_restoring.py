"""All that a site has, exported, is on an empty site as it was: the same bytes leave it again."""

import io
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from accounts.models import User
from audit.models import Entry
from conversations import services
from conversations.models import Conversation, Folder, Message, Rating, Tag
from exports.canonical import line
from exports.imports.restoring import restore
from exports.outgoing import Outgoing, Whose
from exports.reading import records
from tests.conversations.talk import say, settle
from tests.exports.imports import samples

pytestmark = pytest.mark.django_db


def exported(user: User, *, named: bool = True) -> bytes:
    everybodys = Outgoing.of(user, Whose.EVERYONE)
    all_of_them = records(user, everybodys.conversations(), named=named, outgoing=everybodys)
    return "".join(map(line, all_of_them)).encode()


@pytest.fixture(autouse=True)
def admins_read(settings: Settings) -> None:
    settings.ADMINS_READ = True


@pytest.fixture
def site(alice: User, bob: User, grace: User, model: object) -> bytes:
    """Two people's conversations with all that a conversation can have; as they are exported."""
    first = say(alice, "Is it 雨 or 🌧?\n```\nx\n```")
    settle(first, "cut", "It is")
    Message.objects.filter(pk=first.reply).update(
        reasoning="Hm.", engine="vllm 0.11.2", instructions_sha256="a" * 64, ttft_ms=7, reasoning_ms=5,
        started_at=datetime(2026, 1, 2, 3, 4, 5, 6, UTC), finished_at=datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC),
        prompt_tokens=3, completion_tokens=2, options={"temperature": 0.25, "stop": ["\u2028", "\\"], "whole": True},
    )  # fmt: skip
    Rating.objects.create(reply_id=first.reply, value=-1, reasons=["wrong", "long"], note="No.")
    again = services.send(alice, services.Draft(uuid4(), "Other", first.conversation.pk, branch=True))
    settle(again, "stopped", "")
    Message.objects.filter(pk=again.reply).update(continues=first.reply, inherited_tokens=2)
    Conversation.objects.filter(pk=first.conversation.pk).update(
        folder=Folder.objects.create(owner=alice, name="Weather & Co"), pinned_at=datetime(2026, 5, 6, tzinfo=UTC),
        titled_by="person", title="Rain", tip=first.reply, instructions="Be\nkind.", temperature=1.5, effort="low",
        created_at=datetime(2025, 12, 31, 23, 59, 59, 999999, UTC), model="gone",
    )  # fmt: skip
    first.conversation.tags.set([Tag.objects.create(owner=alice, name=name) for name in ("Ärger", "zwei")])
    failed = say(bob, "Hello")
    settle(failed, "failed", "")
    Message.objects.filter(pk=failed.reply).update(problem="engine")
    Conversation.objects.filter(pk=failed.conversation.pk).update(
        archived_at=datetime(2026, 2, 2, tzinfo=UTC), tip=None, updated_at=datetime.now(UTC) - timedelta(days=3)
    )
    return exported(grace)


def empty(*people: User) -> None:
    Conversation.objects.all().delete()
    for kind in (Folder, Tag, Message):
        kind.objects.all().delete()
    User.objects.filter(pk__in=[one.pk for one in people]).delete()


def test_an_empty_site_gets_all_of_it_and_exports_the_same_bytes(
    site: bytes, alice: User, bob: User, grace: User
) -> None:
    empty(alice, bob)
    report = restore(io.BytesIO(site))
    assert (report.new, report.bad, report.people) == (2, 0, ["alice", "bob"])
    assert exported(grace) == site
    assert site.count(b"\n") == 2


def test_who_is_missing_gets_an_account_nobody_can_enter(site: bytes, alice: User, bob: User) -> None:
    empty(bob)
    report = restore(io.BytesIO(site))
    assert report.people == ["bob"]
    new = User.objects.get(username="bob")
    assert not new.is_active
    assert not new.has_usable_password()
    assert Conversation.objects.visible_to(new).count() == 1
    assert Conversation.objects.visible_to(alice).count() == 1


def test_a_second_time_changes_nothing(site: bytes, grace: User) -> None:
    before = exported(grace)
    report = restore(io.BytesIO(site))
    assert (report.new, report.grown, report.unchanged) == (0, 0, 2)
    assert exported(grace) == before == site


def test_a_dry_run_makes_nobody(site: bytes, alice: User, bob: User) -> None:
    empty(alice, bob)
    report = restore(io.BytesIO(site), dry=True)
    assert (report.new, len(report.people)) == (2, 2)
    assert not User.objects.filter(username__in=("alice", "bob")).exists()


def test_pseudonyms_are_nobodys_names(site: bytes, alice: User, bob: User, grace: User) -> None:
    hidden = exported(grace, named=False)
    empty(alice, bob)
    report = restore(io.BytesIO(hidden))
    assert [one.code for one in report.listed] == ["owner", "owner"]
    assert not Conversation.objects.exists()


def test_other_programs_say_nothing_of_owners(grace: User) -> None:
    report = restore(io.BytesIO(samples.dumped(samples.chatgpt())))
    assert [one.code for one in report.listed] == ["unknown"]


def test_a_person_gets_their_own_back_from_a_zip(site: bytes, alice: User, tmp_path: Any, capsys: Any) -> None:
    """As a bulk export has it, and through the command."""
    mine = "".join(map(line, records(alice, Conversation.objects.visible_to(alice)))).encode()
    empty()
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("conversations.jsonl", mine)
        archive.writestr("manifest.json", "{}")
        archive.writestr("items.jsonl", "{}")
    call_command("import_conversations", path, person="alice@example.org", dry_run=True)
    assert not Conversation.objects.exists()
    call_command("import_conversations", path, person="ALICE")
    assert "1 conversations new, 0 grown, 0 unchanged, 0 skipped; 4 messages." in capsys.readouterr().out
    assert "".join(map(line, records(alice, Conversation.objects.visible_to(alice)))).encode() == mine
    entry = Entry.objects.get(action="conversations.imported")
    assert entry.details == {"new": 1, "grown": 0, "messages": 4, "skipped": 0, "accounts": 0, "reviews": 0}


def test_the_command_restores_all_people(site: bytes, alice: User, bob: User, tmp_path: Any, capsys: Any) -> None:
    empty(alice, bob)
    path = tmp_path / "all.jsonl"
    path.write_bytes(site + b"{}\n")
    call_command("import_conversations", path, owners=True)
    said = capsys.readouterr()
    assert "2 conversations new, 0 grown, 0 unchanged, 1 skipped" in said.out
    assert "made an account that is switched off: bob" in said.err
    assert "Not a conversation of a program that is known here." in said.err


@pytest.mark.parametrize(
    ("content", "who", "says"),
    [
        (b"", "alice", "The file is empty."),
        (b"{}", "nobody", "No people have"),
        (None, "alice", "No such file"),
    ],
)
def test_the_command_says_what_is_wrong(alice: User, tmp_path: Any, content: bytes | None, who: str, says: str) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=says):
        call_command("import_conversations", path, person=who)

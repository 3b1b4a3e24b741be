"""Every way in which something leaves passes the way out: each format, each bulk form, page, program and command."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.api_keys import create
from accounts.models import User
from conversations.models import Conversation
from conversations.refusals import Refused
from exports.formats import FORMATS
from exports.forms import NAMES
from exports.jobs import asking, work
from exports.jobs.selection import Selection
from exports.models import ExportJob
from limits.models import Policy
from moderation.models import Rule
from tests.conversations.browsing import Browse
from tests.exports.jobs.conftest import Make, wish
from tests.exports.talks import conversation
from tests.exports.test_outgoing import reviewed

pytestmark = pytest.mark.django_db(transaction=True)
SECRETS = ("carol", "901820", "falcon", "Falcon")
SAID = "Write carol@example.org, call +49 30 901820: falcon."


@pytest.fixture
def talk(alice: User) -> Conversation:
    """With what may not leave, in its title, question, reply, reasoning and instructions."""
    Policy.objects.create(redact_emails=True, redact_phones=True, may_export_reasoning=False)
    Rule.objects.create(name="Project", words="falcon", action="mask", dry_run=False)
    made = conversation(alice, title="Falcon and carol@example.org", asked=SAID, said=f"{SAID} Yes.", instructions=SAID)
    made.messages.update(reasoning=f"Secretly, {SAID}")
    return made


def clean(content: bytes) -> bool:
    """Also of what lies compressed in it: a zip's files, a PDF's words as far as they are plain."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as read:
            names = read.namelist()
            assert len(names) > 2
            return all(clean(read.read(name)) and clean(name.encode()) for name in names)
    return not any(word.encode() in content for word in (*SECRETS, "Secretly"))


@pytest.mark.parametrize("form", [name for name in FORMATS if name != "pdf"])
def test_a_file_of_the_page(alice: User, talk: Conversation, browse: Browse, form: str) -> None:
    answer = browse(alice).get(f"/c/{talk.pk}/export/file/?format={form}&reasoning=1&whole=1")
    assert answer.status_code == 200
    assert clean(answer.content)
    assert clean(str(answer.headers).encode()), "nor in the name of the file"
    assert b"[e-mail]" in answer.content.replace(b"\\[", b"[").replace(b"\\]", b"]")


@pytest.mark.parametrize("form", NAMES)
def test_a_file_of_a_job(alice: User, talk: Conversation, make: Make, form: str) -> None:
    job = make(alice, form, reasoning=True)
    assert (job.state, job.conversations) == (ExportJob.State.DONE, 1)
    assert clean(job.result.read_bytes())


def test_an_update_of_a_job(alice: User, talk: Conversation, make: Make) -> None:
    first = make(alice)
    talk.messages.update(text=f"{SAID} Again.")
    job = make(alice, since=first)
    assert (job.is_update, job.conversations) == (True, 1)
    assert clean(job.result.read_bytes())
    assert clean(job.known.read_bytes())


def test_what_a_program_asked_for(alice: User, talk: Conversation, browse: Browse) -> None:
    _key, secret = create(alice, "Programs", scopes=["exports"])
    headers = {"Authorization": f"Bearer {secret}"}
    asked = browse(None).post("/v1/exports", {"form": "jsonl", "reasoning": True}, headers=headers)
    assert asked.status_code == 200, asked.content
    work.make_waiting()
    answer = browse(None).get(f"/v1/exports/{asked.json()['id']}/file", headers=headers)
    assert answer.status_code == 200
    assert clean(answer.whole)


def test_what_the_command_writes(alice: User, talk: Conversation, tmp_path: Path) -> None:
    call_command("export", "alice", tmp_path / "all.zip", reasoning=True)
    assert clean((tmp_path / "all.zip").read_bytes())


def test_what_was_approved_of_everybody(alice: User, bob: User, grace: User, talk: Conversation, make: Make) -> None:
    conversation(bob, asked="carol@example.org is mine alone")
    reviewed(talk, grace, f"Edited. {SAID}")
    job = make(grace, selection=Selection(knowledge=True), reviewed=True)
    assert (job.conversations, job.messages) == (1, 2)
    content = job.result.read_bytes()
    assert clean(content)
    with zipfile.ZipFile(job.result) as read:
        assert "Edited. Write [e-mail]" in read.read("conversations.jsonl").decode()
    with pytest.raises(Refused, match="may_not_export_others"):
        asking.ask(bob, wish(selection=Selection(knowledge=True)))


def ways(alice: User, talk: Conversation, browse: Browse, folder: Path) -> Iterator[tuple[str, Any]]:
    """What each answers to one who may not export."""
    yield "page", browse(alice).get(f"/c/{talk.pk}/export/file/?format=json").status_code
    dialog = browse(alice).get(f"/c/{talk.pk}/export/").content.decode()
    yield "dialog", 403 if "You may not export" in dialog and "Save file" not in dialog else dialog
    _key, secret = create(alice, "Programs", scopes=["exports"])
    asked = browse(None).post("/v1/exports", {"form": "jsonl"}, headers={"Authorization": f"Bearer {secret}"})
    yield "program", asked.status_code
    with pytest.raises(CommandError, match="You may not export conversations here"):
        call_command("export", "alice", folder / "all.zip")
    yield "command", 403
    with pytest.raises(Refused, match="may_not_export"):
        asking.make_schedule(alice, wish(), "day", only_changes=True, delivers=False)
    yield "schedule", 403


def test_who_may_not_export_finds_no_way(alice: User, talk: Conversation, browse: Browse, tmp_path: Path) -> None:
    Policy.objects.create(user=alice, may_export=False)
    assert {name: status for name, status in ways(alice, talk, browse, tmp_path) if status != 403} == {}
    assert not ExportJob.objects.exists()


def test_what_policy_forbids_meanwhile_is_neither_made_nor_taken(alice: User, talk: Conversation, make: Make) -> None:
    done = make(alice)
    waiting = asking.ask(alice, wish())
    Policy.objects.create(user=alice, may_export=False)
    work.make_waiting()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.problem) == (ExportJob.State.FAILED, "policy")
    with pytest.raises(Refused, match="may_not_export"):
        asking.note_download(alice, done)

"""Administrators read a conversation only where the site allows it, with a reason, and never unseen."""

import logging
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from audit.models import Entry
from console import roles
from console.roles import Role
from conversations.calls import Call
from conversations.models import Conversation, Message
from conversations.services import Draft, send
from tests.conversations.talk import say, settle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]
SECRET = "Marmalade"
REASON = {"reason": "Complaint 17 of Bob's"}


@pytest.fixture
def talk(alice: User) -> Conversation:
    """What Alice wrote, and what she was answered."""
    sent = say(alice, f"{SECRET} <b>for</b> breakfast?")
    settle(sent, text=f"Rather *{SECRET}* than <script>none</script>.")
    Message.objects.filter(pk=sent.reply).update(reasoning="Hunger is likely.")
    return sent.conversation


@pytest.fixture
def on(settings: Settings) -> None:
    settings.ADMINS_READ = True


def of_role(role: Role) -> User:
    person = User.objects.create_user(f"the-{role}", f"{role}@example.org", "x")
    roles.give(person, role, by=None)
    return User.objects.get(pk=person.pk)


def door(talk: Conversation) -> str:
    return f"/admin/reading/{talk.pk}/"


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def readings() -> list[Entry]:
    return list(Entry.objects.filter(action="conversation.read").order_by("pk"))


# --- Off, as a site begins --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_while_it_is_off_there_is_no_such_page(talk: Conversation, role: Role) -> None:
    client = signed_in(of_role(role))
    assert client.get(door(talk)).status_code == 404
    assert client.post(door(talk), REASON).status_code == 404
    assert client.get(f"/admin/reading/{uuid4()}/").status_code == 404
    assert readings() == []


def test_while_it_is_off_nothing_leads_there(talk: Conversation, grace: User) -> None:
    page = f"/admin/conversations/conversation/{talk.pk}/change/"
    assert door(talk) not in signed_in(grace).get(page).content.decode()


# --- On ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("admin", 200), ("moderator", 403), ("auditor", 403)])
def test_owners_and_admins_alone_may(talk: Conversation, on: None, role: str, status: int) -> None:
    client = signed_in(of_role(Role(role)))
    assert client.get(door(talk)).status_code == status
    answer = client.post(door(talk), REASON)
    assert (answer.status_code, SECRET in answer.content.decode()) == (status, status == 200)
    assert len(readings()) == (status == 200)


def test_nobody_else_comes_near(talk: Conversation, on: None, alice: User, mallory: User) -> None:
    for client in (Client(), signed_in(mallory), signed_in(alice)):
        answer = client.post(door(talk), REASON)
        assert answer.status_code == 302
        assert SECRET not in answer.content.decode()
    assert readings() == []


def test_a_link_leads_there_for_who_may(talk: Conversation, on: None) -> None:
    page = f"/admin/conversations/conversation/{talk.pk}/change/"
    shown = {role: door(talk) in signed_in(of_role(role)).get(page).content.decode() for role in Role}
    assert {role for role, is_there in shown.items() if is_there} == {Role.OWNER, Role.ADMIN}


def test_a_reason_is_asked_for_before_anything_is_shown(talk: Conversation, on: None, grace: User) -> None:
    client = signed_in(grace)
    page = client.get(door(talk)).content.decode()
    assert "alice" in page
    assert SECRET not in page
    for reason in ({}, {"reason": ""}, {"reason": "  \n "}, {"reason": "x" * 301}):
        answer = client.post(door(talk), reason)
        assert answer.status_code == 200
        assert answer.context["form"].errors
        assert SECRET not in answer.content.decode()
    assert readings() == []


def test_each_reading_says_who_whose_and_why(talk: Conversation, on: None, grace: User, alice: User) -> None:
    client = signed_in(grace)
    client.post(door(talk), REASON)
    client.post(door(talk), REASON)
    first, second = readings()
    assert (first.actor_id, first.subject_kind, first.subject_id) == (
        grace.pk,
        "conversations.Conversation",
        str(talk.pk),
    )
    assert first.details == {"owner": "alice", "owner_id": alice.pk, "reason": REASON["reason"]}
    assert second.details == first.details
    assert SECRET not in str(list(Entry.objects.values()))


def test_the_thread_is_read_only_and_as_it_was_written(talk: Conversation, on: None, grace: User) -> None:
    answer = signed_in(grace).post(door(talk), REASON)
    page = answer.content.decode()
    assert "Marmalade &lt;b&gt;for&lt;/b&gt; breakfast?" in page
    assert "*Marmalade* than &lt;script&gt;" in page
    assert "Hunger is likely." in page
    assert page.index("breakfast?") < page.index("Rather")
    main = page[page.index('class="reading"') :]
    assert "<form" not in main[: main.index("</ol>")]
    assert "no-store" in answer.headers["Cache-Control"]
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "style=" not in main[: main.index("</ol>")]


def test_every_version_is_there_and_says_that_it_is_one(talk: Conversation, on: None, grace: User, alice: User) -> None:
    settle(say(alice, "Jam instead?", talk, branch=True), text="Why not.")
    page = signed_in(grace).post(door(talk), REASON).content.decode()
    assert all(text in page for text in ("Rather", "Why not."))
    assert page.index("Version 1 of 2") < page.index("breakfast?") < page.index("Version 2 of 2") < page.index("Jam")


def test_without_its_entry_nothing_is_read(
    talk: Conversation, on: None, grace: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(grace)

    def fail() -> None:
        raise OperationalError("disk full")

    monkeypatch.setattr("audit.chain.end", fail)
    client.raise_request_exception = False
    answer = client.post(door(talk), REASON)
    assert answer.status_code == 500
    assert SECRET not in answer.content.decode()


def test_the_process_log_keeps_the_words_to_itself(
    talk: Conversation, on: None, grace: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    signed_in(grace).post(door(talk), REASON)
    assert SECRET not in caplog.text


def test_what_is_not_there_is_not_found(on: None, grace: User) -> None:
    client = signed_in(grace)
    assert client.get(f"/admin/reading/{uuid4()}/").status_code == 404
    assert client.put(f"/admin/reading/{uuid4()}/").status_code == 405


def test_an_empty_conversation_says_so(alice: User, on: None, grace: User) -> None:
    empty = Conversation.objects.create(owner=alice, client_id=uuid4(), title="x")
    assert "Nothing was written here." in signed_in(grace).post(door(empty), REASON).content.decode()


def test_what_is_not_kept_is_read_by_nobody(on: None, alice: User, grace: User) -> None:
    for saves, status in ((False, 404), (True, 200)):
        sent = send(alice, Draft(uuid4(), SECRET, call=Call(uuid4(), saves=saves)))
        settle(sent)
        answer = signed_in(grace).post(door(sent.conversation), REASON)
        assert (answer.status_code, SECRET in answer.content.decode()) == (status, saves)
    assert len(readings()) == 1

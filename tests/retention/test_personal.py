"""The deletion of one's account."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import api_keys, invitations
from accounts.models import Invitation, User, sessions_ended
from audit import holds
from audit.models import Entry, Receipt
from conversations.models import Conversation, Message, SavedPrompt
from limits.models import Usage
from moderation.models import Incident
from retention import erasing, leaving
from retention.models import Leaving
from tests.accounts.factors import confirm, set_up_app
from tests.retention.stories import secret, signed_in, talk

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["secret"]
LEAVE = "/accounts/data/leave/"


def ask_to_leave(user: User) -> tuple[Client, str]:
    """And where the receipt will be."""
    client = signed_in(user)
    client.post(LEAVE)
    answer = client.post("/accounts/reauthenticate/", {"password": f"{user.username}'s password", "next": LEAVE})
    assert "/receipt/" in answer.headers["Location"]
    return client, answer.headers["Location"]


def test_an_account_goes_with_all_that_is_theirs_when_the_time_is_up(alice: User, bob: User, secret: str) -> None:
    talk(bob)
    Conversation.objects.create(owner=alice, client_id=uuid4(), kind="api")
    client, address = ask_to_leave(alice)
    assert client.get("/accounts/data/").status_code == 302  # signed out
    assert "Signing in before keeps it" in client.get(address).content.decode()
    assert api_keys.authenticate(secret) is None
    assert leaving.let_go() == 0
    Leaving.objects.update(due_at=timezone.now())
    assert leaving.let_go() == 1
    assert not User.objects.filter(username="alice").exists()
    assert set(Conversation.objects.values_list("owner__username", flat=True)) == {"bob"}
    assert not SavedPrompt.objects.exists()
    assert (Usage.objects.get().user, Usage.objects.get().charged) == (None, 7)
    incident = Incident.objects.get()
    assert (incident.user, incident.user_name, incident.excerpt) == (None, "", "")
    page = client.get(address).content.decode()
    assert "conversations" in page
    assert "alice" not in page
    counts = [receipt.counts for receipt in Receipt.objects.filter(why="account")]
    assert sum(one.get("conversation", 0) for one in counts) == 2
    assert sum(one.get("account", 0) for one in counts) == 1


def test_signing_in_keeps_the_account(alice: User) -> None:
    ask_to_leave(alice)
    Client().post("/accounts/login/", {"login": "alice", "password": "alice's password"})
    assert not Leaving.objects.exists()
    actions = Entry.objects.filter(action__startswith="person.").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["person.leaving", "person.stays"]


def test_who_comes_back_while_others_are_deleted_stays(alice: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for person in (alice, bob):
        ask_to_leave(person)
    Leaving.objects.update(due_at=timezone.now())
    erase = erasing.erase

    def erased(user: User, **more: Any) -> Receipt:
        back = bob if user == alice else alice
        Client().post("/accounts/login/", {"login": back.username, "password": f"{back.username}'s password"})
        return erase(user, **more)

    monkeypatch.setattr(erasing, "erase", erased)
    assert leaving.let_go() == 1
    assert User.objects.get().is_active
    assert not Leaving.objects.exists()


def test_of_who_is_deleted_no_session_and_no_invitation_is_left(alice: User, bob: User, grace: User) -> None:
    client, other = Client(), Client()
    for one, name in ((client, "alice"), (other, "bob")):
        one.post("/accounts/login/", {"login": name, "password": f"{name}'s password"})
    for email in (alice.email, "", "eve@example.org"):
        invitations.invite(by=grace, email=email)
    whose, ended = alice.pk, list[int]()

    def hear(user_id: int, **more: Any) -> None:
        ended.append(user_id)

    sessions_ended.connect(hear)
    erasing.erase(alice, by=grace)
    sessions_ended.disconnect(hear)
    assert list(Session.objects.values_list("pk", flat=True)) == [other.session.session_key]
    assert ended == [whose], "their sockets close"
    assert set(Invitation.objects.values_list("email", flat=True)) == {"", "eve@example.org"}


def test_who_asks_shows_that_it_is_they(alice: User) -> None:
    client = signed_in(alice)
    assert client.post(LEAVE).headers["Location"].startswith("/accounts/reauthenticate/")
    assert client.post("/accounts/reauthenticate/", {"password": "a guess", "next": LEAVE}).status_code == 200
    assert client.get(LEAVE).headers["Location"] == "/accounts/data/"
    assert not Leaving.objects.exists()


def test_who_has_a_second_factor_may_show_that(alice: User) -> None:
    client = signed_in(alice)
    confirm(client, "alice")
    _secret, codes = set_up_app(client)
    other = signed_in(alice)
    other.post(LEAVE)
    answer = other.post("/accounts/2fa/reauthenticate/", {"code": codes[0], "next": LEAVE})
    assert "/receipt/" in answer.headers["Location"]
    assert Leaving.objects.exists()


def test_who_can_show_nothing_here_signed_in_just_before(alice: User) -> None:
    alice.set_unusable_password()
    alice.save()
    client = signed_in(alice)
    User.objects.update(last_login=timezone.now() - timedelta(hours=1))
    assert "Sign out and in again first" in client.post(LEAVE, follow=True).content.decode()
    assert not Leaving.objects.exists()
    User.objects.update(last_login=timezone.now())
    assert "/receipt/" in client.post(LEAVE).headers["Location"]
    assert Leaving.objects.exists()


def test_who_asked_leaves_nothing_in_the_browser(alice: User) -> None:
    client = signed_in(alice)
    client.post(LEAVE)
    answer = client.post("/accounts/reauthenticate/", {"password": "alice's password", "next": LEAVE})
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_the_last_owner_stays(grace: User) -> None:
    client = signed_in(grace)
    confirm(client, "grace")
    answer = client.post(LEAVE, follow=True)
    assert "You are the last owner" in answer.content.decode()
    assert not Leaving.objects.exists()


def test_under_a_hold_the_account_is_switched_off_and_kept(alice: User, grace: User) -> None:
    talk(alice)
    holds.put_on(alice, "Asked for", grace)
    ask_to_leave(alice)
    Leaving.objects.update(due_at=timezone.now())
    assert leaving.let_go() == 0
    assert not User.objects.get(pk=alice.pk).is_active
    assert Conversation.objects.exists()
    holds.lift(alice, grace)
    assert leaving.let_go() == 1
    assert not User.objects.filter(pk=alice.pk).exists()


def test_who_still_gets_a_reply_goes_a_little_later(alice: User, settings: Settings) -> None:
    settings.LEAVING_DAYS = 0
    one = talk(alice)
    Message.objects.filter(conversation=one, role="assistant").update(state="writing")
    ask_to_leave(alice)
    assert leaving.let_go() == 0
    assert Message.objects.get(conversation=one, role="assistant").stop_requested
    Message.objects.filter(role="assistant").update(state="stopped")
    assert leaving.let_go() == 1


def test_an_administrator_deletes_as_thoroughly(alice: User, grace: User) -> None:
    talk(alice)
    client = signed_in(grace)
    client.post(f"/admin/accounts/user/{alice.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=alice.pk).exists()
    assert Receipt.objects.filter(why="account").count() == 2
    assert "messages" in client.get("/admin/audit/receipt/").content.decode()


def test_a_receipt_that_is_not_there_is_not_found(db: None) -> None:
    assert Client().get(f"/accounts/data/receipt/{uuid4()}/").status_code == 404

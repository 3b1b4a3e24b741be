"""The reviewers' pages in the console: what they show to whom, and what a form that lost does not do."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from console import roles
from console.roles import Role
from conversations.models import Nomination
from conversations.nominating import nominate, withdraw
from tests.conversations.talk import say, settle
from tests.hostile.test_every_door import ALL

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]
QUEUE = "/admin/knowledge/"


@pytest.fixture
def rita(bob: User) -> User:
    """Bob, who is a reviewer now."""
    roles.give(bob, Role.REVIEWER, by=None)
    return User.objects.get(pk=bob.pk)


@pytest.fixture
def one(alice: User) -> Nomination:
    sent = say(alice, "What is <b>the</b> capital?")
    settle(sent, text="It is <i>Lyon</i>.")
    say(alice, "Something else that is secret", sent.conversation, parent=sent.reply)
    nominate(alice, sent.reply)
    return Nomination.objects.get()


def page(one: Nomination) -> str:
    return f"{QUEUE}{one.pk}/"


def verdict(client: Client, one: Nomination, state: str, text: str, *, seen: Any = 0, reason: str = "") -> Any:
    return client.post(page(one), {"state": state, "seen": seen, "text": text, "reason": reason})


def test_a_reviewer_reads_the_queue_and_one_of_it(client: Client, rita: User, one: Nomination) -> None:
    client.force_login(rita)
    listed = client.get(QUEUE).content.decode()
    assert f'href="{page(one)}"' in listed
    assert "What is &lt;b&gt;the&lt;/b&gt; capital?" in listed
    shown = client.get(page(one)).content.decode()
    assert "It is &lt;i&gt;Lyon&lt;/i&gt;." in shown
    assert "alice" in shown
    assert "secret" not in listed + shown
    assert "/admin/reading/" not in shown


def test_who_is_no_reviewer_finds_no_way_in(client: Client, alice: User, mallory: User, one: Nomination) -> None:
    roles.give(mallory, Role.MODERATOR, by=None)
    for person, status in ((alice, 302), (User.objects.get(pk=mallory.pk), 403)):
        client.force_login(person)
        for address in (QUEUE, page(one)):
            assert client.get(address).status_code == status
        assert verdict(client, one, "approved", "x").status_code == status
    assert QUEUE not in client.get("/admin/").content.decode()
    one.refresh_from_db()
    assert one.version == 0


def test_a_reviewer_reviews_and_nothing_else(client: Client, rita: User, one: Nomination) -> None:
    client.force_login(rita)
    assert f'href="{QUEUE}"' in client.get("/admin/").content.decode()
    console = [door for door in ALL if door.name.startswith("admin:") and "<" not in door.route]
    open_to_all = {"index", "login", "password_change", "password_change_done", "engine", "engine-live", "models"}
    let_in = {door.name for door in console if client.get(f"/{door.route}").status_code == 200}
    assert let_in - {f"admin:{name}" for name in (*open_to_all, "jsi18n")} == {"admin:knowledge"}


def test_approved_with_another_text_both_are_shown(client: Client, rita: User, one: Nomination) -> None:
    client.force_login(rita)
    answer = verdict(client, one, "approved", "It is Paris.\r\n")
    assert (answer.status_code, answer["Location"]) == (302, QUEUE)
    assert page(one) not in client.get(QUEUE).content.decode()
    assert page(one) in client.get(QUEUE, {"state": "approved"}).content.decode()
    shown = client.get(page(one)).content.decode()
    assert "<ins>Paris</ins>" in shown
    assert "It is &lt;i&gt;Lyon&lt;/i&gt;." in shown
    assert "decided by bob" in shown


def test_a_form_that_lost_keeps_what_was_written_and_changes_nothing(
    client: Client, rita: User, one: Nomination
) -> None:
    client.force_login(rita)
    verdict(client, one, "nominated", "It is Paris.")
    answer = verdict(client, one, "approved", "It is Marseille.")
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "Somebody changed this meanwhile" in shown
    assert "<del>Paris</del><ins>Marseille</ins>" in shown
    assert ">\nIt is Marseille.</textarea>" in shown
    assert 'name="seen" value="1"' in shown
    assert verdict(client, one, "approved", "It is Marseille.", seen=1).status_code == 302


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ({"state": "deleted", "seen": 0, "text": "x"}, 400, "Choose what you decide."),
        ({"state": "approved", "seen": "x", "text": "x"}, 400, "Choose what you decide."),
        ({"state": "declined", "seen": 0, "text": "It stays written."}, 422, "It stays written."),
        ({"state": "approved", "seen": 0}, 422, "A reply cannot be empty."),
    ],
)
def test_what_cannot_be_decided_is_said(
    client: Client, rita: User, one: Nomination, *, said: Any, status: int, words: str
) -> None:
    client.force_login(rita)
    answer = client.post(page(one), said)
    assert answer.status_code == status
    assert words in answer.content.decode()


def test_what_was_taken_back_is_not_there(client: Client, alice: User, rita: User, one: Nomination) -> None:
    client.force_login(rita)
    withdraw(alice, one.reply_id)
    assert client.get(page(one)).status_code == 404
    assert verdict(client, one, "approved", "x").status_code == 404
    assert "Nothing waits for review." in client.get(QUEUE).content.decode()


def test_nothing_of_it_is_kept_by_browsers(client: Client, rita: User, one: Nomination) -> None:
    client.force_login(rita)
    assert "no-store" in client.get(page(one))["Cache-Control"]

"""Who comes in, tries to, leaves or has a new password is in the audit log; what they type as a password is not."""

import logging
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_out
from django.db import OperationalError, connection
from django.test import Client, RequestFactory

from accounts.models import User
from audit import chain
from audit.models import Entry

pytestmark = pytest.mark.django_db
PASSWORD = "alice's password"
FRESH = "an altogether other one 7"


def sign_in(client: Client, name: str, word: str, **where: Any) -> bool:
    client.post("/accounts/login/", {"login": name, "password": word}, **where)
    return "_auth_user_id" in client.session


def actions() -> list[str]:
    return [entry.action for entry in chain.checked(Entry.objects.order_by("pk"))]


def everything() -> str:
    return str(list(Entry.objects.values()))


def test_a_sign_in_says_who_and_from_where(client: Client, alice: User) -> None:
    assert sign_in(client, "alice", PASSWORD, REMOTE_ADDR="192.0.2.7")
    entry = Entry.objects.get()
    assert (entry.action, entry.actor_id, entry.actor_name) == ("sign_in.succeeded", alice.pk, "alice")
    assert entry.details == {"address": "192.0.2.7"}


@pytest.mark.parametrize("name", ["alice", "alice@example.org", "nobody", "nobody@example.org"])
def test_a_failed_one_says_the_name_that_was_tried_and_no_password(client: Client, alice: User, name: str) -> None:
    assert not sign_in(client, name, "Tr0ub4dor", REMOTE_ADDR="192.0.2.66")
    entry = Entry.objects.get()
    assert (entry.action, entry.actor_id, entry.subject_name) == ("sign_in.failed", None, name)
    assert entry.details == {"address": "192.0.2.66"}
    assert "Tr0ub4dor" not in everything()
    assert "***" not in everything()


def test_guessing_fills_the_log_no_faster_than_it_is_let_through(client: Client, alice: User) -> None:
    for _ in range(40):
        sign_in(client, "alice", "wrong")
    assert 1 <= Entry.objects.count() <= 10


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "x" * 5000, "line\nbreak", "名字"])
def test_whatever_is_typed_as_a_name_can_be_written_down(alice: User, name: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1")
    authenticate(request, username=name, password="wrong")
    assert actions() == ["sign_in.failed"]


def test_signing_out_is_written_down_once(client: Client, alice: User) -> None:
    client.force_login(alice)
    client.post("/accounts/logout/")
    client.post("/accounts/logout/")
    assert actions() == ["sign_in.succeeded", "sign_in.ended"]
    assert Entry.objects.latest("pk").actor_name == "alice"


def test_a_session_that_nobody_is_in_ends_without_a_word() -> None:
    user_logged_out.send(sender=User, request=None, user=None)
    assert actions() == []


def test_a_new_password_is_written_down_and_not_what_it_is(client: Client, alice: User) -> None:
    assert sign_in(client, "alice", PASSWORD)
    form = {"oldpassword": PASSWORD, "password1": FRESH, "password2": FRESH}
    assert client.post("/accounts/password/change/", form).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(FRESH)
    assert "password.changed" in actions()
    assert FRESH not in everything()
    assert PASSWORD not in everything()
    assert alice.password not in everything()


def test_a_refused_new_password_is_no_event(client: Client, alice: User) -> None:
    assert sign_in(client, "alice", PASSWORD)
    client.post("/accounts/password/change/", {"oldpassword": "wrong", "password1": FRESH, "password2": FRESH})
    assert "password.changed" not in actions()


def test_what_a_request_says_of_its_address_is_not_believed(alice: User) -> None:
    """``chatsite.proxies`` has put the right one in its place before."""
    request = RequestFactory().get("/", headers={"x-forwarded-for": "203.0.113.9"})
    authenticate(request, username="nobody", password="wrong")
    assert Entry.objects.get().details == {"address": "127.0.0.1"}


# --- When the log cannot be written -----------------------------------------------------------------------------------


@pytest.fixture
def broken_log(db: None) -> None:
    """Somebody with the database's own rights has put an end to the chain that nothing can follow."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_entry (id, at, action, actor_name, subject_kind, subject_id, subject_name, details,"
            " previous, hash) VALUES (1, '2026-01-01', 'x', '', '', '', '', '{}', 'a', 'b')"
        )


def refuse(*args: Any, **options: Any) -> None:
    raise OperationalError("disk full")


def test_a_sign_in_that_cannot_be_written_down_is_let_in_and_said_aloud(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("audit.chain.end", refuse)
    assert sign_in(client, "alice", PASSWORD)
    assert client.get("/conversations/?before=2999-01-01T00:00:00Z").status_code == 200
    assert actions() == []
    said = [line.getMessage() for line in caplog.records if line.levelno == logging.ERROR]
    assert said == [f"Not in the audit log: sign_in.succeeded of person {alice.pk} from 127.0.0.1"]


def test_a_failed_one_is_answered_as_ever(client: Client, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.chain.end", refuse)
    assert client.post("/accounts/login/", {"login": "alice", "password": "wrong"}).status_code == 200


def test_the_chain_goes_on_even_from_a_forged_end(client: Client, alice: User, broken_log: None) -> None:
    """That the end is forged is for ``verify_audit`` to say; what happens after it is written down."""
    assert sign_in(client, "alice", PASSWORD)
    assert Entry.objects.latest("pk").action == "sign_in.succeeded"
    with pytest.raises(chain.Broken, match="Entry 1"):
        actions()

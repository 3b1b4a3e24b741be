"""Signing in and out, as people do it every day; ``tests.hostile`` has those who should not get in."""

import pytest
from django.db import IntegrityError
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


def is_in(client: Client) -> bool:
    return client.get("/conversations/?before=2999-01-01T00:00:00Z").status_code == 200


def words(client: Client, login: str, password: str) -> list[str]:
    """What the page says to an attempt that fails."""
    answer = client.post(LOGIN, {"login": login, "password": password})
    assert (answer.status_code, is_in(client)) == (200, False)
    return [error for errors in answer.context["form"].errors.values() for error in errors]


@pytest.mark.parametrize("login", ["alice", "Alice", "ALICE", "alice@example.org", "Alice@Example.ORG", " alice "])
def test_people_sign_in_by_name_or_address_whatever_the_case(client: Client, alice: User, login: str) -> None:
    assert not is_in(client)
    answer = client.post(LOGIN, {"login": login, "password": "alice's password"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert is_in(client)
    assert client.session["_auth_user_id"] == str(alice.pk)


def test_a_page_that_needs_signing_in_is_shown_after_it(client: Client, alice: User) -> None:
    wanted = "/conversations/?before=2999-01-01T00:00:00Z"
    sent_away = client.get(wanted)
    assert sent_away.headers["Location"].startswith(f"{LOGIN}?next=/conversations/")
    answer = client.post(sent_away.headers["Location"], {"login": "alice", "password": "alice's password"})
    assert answer.headers["Location"] == wanted


def test_who_does_not_exist_is_answered_like_a_wrong_password(client: Client, alice: User) -> None:
    wrong = words(client, "alice", "wrong")
    assert wrong
    assert words(client, "nobody", "wrong") == wrong
    by_address = words(client, "alice@example.org", "wrong")
    assert by_address == words(client, "nobody@example.org", "wrong")
    assert "alice" not in str(wrong + by_address)


@pytest.mark.parametrize("password", ["Alice's password", "alice's password ", ""])
def test_a_password_is_exact(client: Client, alice: User, password: str) -> None:
    assert words(client, "alice", password)


def test_who_was_switched_off_stays_outside(client: Client, alice: User) -> None:
    alice.is_active = False
    alice.save()
    client.post(LOGIN, {"login": "alice", "password": "alice's password"})
    assert not is_in(client)


def test_after_many_attempts_from_one_place_a_page_asks_to_wait(client: Client, alice: User) -> None:
    answers = [client.post(LOGIN, {"login": f"guess {number}", "password": "wrong"}) for number in range(40)]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert b"<html" in answers[-1].content
    elsewhere = {"login": "alice", "password": "alice's password"}
    assert client.post(LOGIN, elsewhere, REMOTE_ADDR="192.0.2.1").status_code == 302


def test_nobody_makes_an_account_alone(client: Client, db: None) -> None:
    new = {
        "email": "new@example.org",
        "username": "new",
        "password1": "a long password",
        "password2": "a long password",
    }
    assert client.get("/accounts/signup/").status_code == 200
    client.post("/accounts/signup/", new)
    assert not User.objects.exists()


def test_signing_out_takes_a_deliberate_step(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/accounts/logout/").status_code == 200
    assert is_in(client), "another site's picture could ask for this address"
    client.post("/accounts/logout/")
    assert not is_in(client)


def test_signing_in_and_out_needs_the_sites_own_form(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(LOGIN, {"login": "alice", "password": "alice's password"}).status_code == 403
    client.force_login(alice)
    assert client.post("/accounts/logout/").status_code == 403
    assert is_in(client)


@pytest.mark.parametrize("field", ["username", "email"])
def test_no_two_people_differ_by_case_only(alice: User, field: str) -> None:
    fields = {"username": "other", "email": "other@example.org"} | {field: getattr(alice, field).upper()}
    with pytest.raises(IntegrityError):
        User.objects.create_user(**fields, password="x")


def test_grace_administers_and_alice_does_not(client: Client, alice: User, grace: User) -> None:
    for person, status in ((alice, 302), (grace, 200)):
        client.force_login(person)
        assert client.get("/admin/").status_code == status

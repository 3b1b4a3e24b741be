"""Sign-in under attack: guessing, keeping others out, other people's addresses, doors nobody meant to open."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User

TRIES = 5  # wrong passwords for one person, from one place, then a pause


def guess(client: Client, name: str, word: str = "wrong", **where: Any) -> bool:
    """Whether this signed in."""
    answer = client.post("/accounts/login/", {"login": name, "password": word}, **where)
    return answer.status_code == 302 and "_auth_user_id" in client.session


def test_guessing_is_paused(client: Client, alice: User) -> None:
    assert not any(guess(client, "alice") for _ in range(TRIES))
    assert not guess(client, "alice", "alice's password")


def test_another_port_in_the_host_header_is_no_new_try(client: Client, alice: User) -> None:
    assert not any(guess(client, "alice", HTTP_HOST=f"localhost:{port}") for port in range(1, TRIES + 1))
    assert not guess(client, "alice", "alice's password", HTTP_HOST="localhost:99")


def test_nobody_keeps_a_colleague_from_signing_in(client: Client, alice: User) -> None:
    for _ in range(2 * TRIES):
        guess(client, "alice", REMOTE_ADDR="192.0.2.66")
    assert guess(client, "alice", "alice's password", REMOTE_ADDR="192.0.2.1")


def test_the_admin_has_no_door_of_its_own(client: Client, grace: User) -> None:
    answer = client.post("/admin/login/?next=/admin/", {"username": "grace", "password": "grace's password"})
    assert answer.headers["Location"] == "/accounts/login/?next=%2Fadmin%2F"
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("door", ["email/", "confirm-email/", "confirm-email/abc/", "login/code/confirm/", "3rdparty/"])
def test_doors_that_nothing_here_needs_are_not_there(client: Client, mallory: User, door: str) -> None:
    client.force_login(mallory)
    assert client.get(f"/accounts/{door}").status_code == 404


def test_nobody_takes_a_colleagues_address(client: Client, alice: User, mallory: User) -> None:
    client.force_login(mallory)
    client.post("/accounts/email/", {"email": alice.email, "action_add": ""})
    client.logout()
    assert not guess(client, alice.email, "mallory's password")


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "\t//evil.example"],
)
def test_sign_in_leads_nowhere_else(client: Client, alice: User, elsewhere: str) -> None:
    answer = client.post("/accounts/login/", {"login": "alice", "password": "alice's password", "next": elsewhere})
    assert answer.headers["Location"] == "/"


def test_a_planted_session_is_not_taken_over(client: Client, alice: User) -> None:
    client.cookies["sessionid"] = "planted0planted0planted0planted0"
    assert guess(client, "alice", "alice's password")
    assert client.cookies["sessionid"].value != "planted0planted0planted0planted0"

"""A directory beside the site's own accounts, as a settings module of the team adds one: what holds for all, holds."""

from typing import Any

import pytest
from django.contrib.auth.backends import BaseBackend
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from audit.models import Entry
from limits import restraints
from tests.accounts.factors import sign_in

pytestmark = pytest.mark.django_db
KNOWN = {"dora": "dora's password", "carl@example.org": "carl's password"}


class Directory(BaseBackend):
    """It knows people by what they type, and makes an account at the first sign-in, as django-auth-ldap does."""

    def authenticate(
        self, request: Any, username: str | None = None, password: str | None = None, **more: Any
    ) -> User | None:
        if not username or KNOWN.get(username) != password:
            return None
        user, is_new = User.objects.get_or_create(username=username)
        if is_new:
            user.set_unusable_password()
            user.save()
        return user

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id).first()


@pytest.fixture(autouse=True)
def directory(settings: Settings) -> None:
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.Directory", *settings.AUTHENTICATION_BACKENDS]


def is_in(client: Client) -> bool:
    return client.get("/accounts/usage/").status_code == 200


def test_who_is_in_the_directory_has_an_account_from_the_first_sign_in(client: Client) -> None:
    assert sign_in(client, "dora") == "/"
    assert is_in(client)
    assert not User.objects.get(username="dora").has_usable_password()
    assert Entry.objects.filter(action="sign_in.succeeded", actor_id=User.objects.get(username="dora").pk).exists()


def test_an_address_is_asked_for_in_the_directory_too(client: Client) -> None:
    client.post("/accounts/login/", {"login": "carl@example.org", "password": "carl's password"})
    assert is_in(client)


def test_the_sites_own_accounts_stay(client: Client, alice: User) -> None:
    assert sign_in(client, "alice") == "/"
    assert client.get("/accounts/usage/").wsgi_request.user == alice


def test_a_wrong_password_is_wrong_and_after_some_paused(client: Client) -> None:
    for _ in range(6):
        assert client.post("/accounts/login/", {"login": "dora", "password": "wrong"}).status_code == 200
    client.post("/accounts/login/", {"login": "dora", "password": KNOWN["dora"]})
    assert not is_in(client)


def test_who_is_suspended_or_switched_off_stays_outside(client: Client) -> None:
    sign_in(client, "dora")
    dora = User.objects.get(username="dora")
    restraints.suspend(dora, None, "")
    assert not is_in(client)
    assert sign_in(Client(), "dora") == "/accounts/suspended/"
    restraints.lift(dora, None)
    sign_in(client, "dora")
    assert is_in(client)
    dora.is_active = False
    dora.save()
    assert not is_in(client)
    again = Client()
    again.post("/accounts/login/", {"login": "dora", "password": KNOWN["dora"]})
    assert not is_in(again)


def test_a_second_factor_is_asked_of_them_too(client: Client, settings: Settings) -> None:
    settings.SECOND_FACTOR = "everyone"
    sign_in(client, "dora")
    assert client.get("/", headers={"accept": "text/html"}).headers["Location"] == "/accounts/2fa/"

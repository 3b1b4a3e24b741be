"""Administrators see whose keys there are, without a secret, and can revoke them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import api_keys
from accounts.api_keys import authenticate, create
from accounts.models import ApiKey, User
from audit.models import Entry
from console import roles
from console.roles import Role

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/apikey/"


def of_role(client: Client, role: Role) -> Client:
    person = User.objects.create_user(f"the-{role}", f"{role}@example.org", "x")
    roles.give(person, role, by=None)
    client.force_login(User.objects.get(pk=person.pk))
    return client


def made(user: User, name: str = "Notebook") -> tuple[ApiKey, str]:
    return create(user, name, scopes=["chat", "models"])


def revoke(client: Client, *keys: ApiKey) -> int:
    said = {"action": "revoke", "_selected_action": [key.pk for key in keys]}
    return int(client.post(LIST, said).status_code)


def test_the_list_says_whose_and_since_when_and_no_secret(client: Client, alice: User) -> None:
    key, secret = made(alice)
    text = of_role(client, Role.ADMIN).get(LIST).content.decode()
    details = client.get(f"{LIST}{key.pk}/change/").content.decode()
    for page in (text, details):
        assert "Notebook" in page
        assert key.prefix in page
        assert secret[8:] not in page
        assert key.digest not in page
    assert "complete chats, list models" in text


def test_it_is_filtered_and_searched(client: Client, alice: User, bob: User, grace: User) -> None:
    (active, _), (expired, _), (revoked, _) = made(alice), made(alice), made(bob)
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    api_keys.revoke(ApiKey.objects.filter(pk=revoked.pk), by=bob)
    client.force_login(grace)

    def found(query: str) -> set[int]:
        return {row.pk for row in client.get(f"{LIST}?{query}").context["cl"].result_list}

    assert found("state=active") == {active.pk}
    assert found("state=expired") == {expired.pk}
    assert found("state=revoked") == {revoked.pk}
    assert found("q=BOB") == {revoked.pk}
    assert found("q=alice@example.org") == {active.pk, expired.pk}
    assert found(f"q={active.prefix}") == {active.pk}
    assert found("q=nobody") == set()


def test_an_administrator_revokes_and_it_is_on_record(client: Client, alice: User, bob: User) -> None:
    (hers, of_hers), (his, _of_his), (_kept, of_kept) = made(alice), made(bob), made(bob)
    assert revoke(of_role(client, Role.ADMIN), hers, his) == 302
    assert revoke(client, hers, his) == 302
    assert authenticate(of_hers) is None
    assert authenticate(of_kept)
    ended = Entry.objects.filter(action="api_key.revoked")
    assert {(one.actor_name, one.details["owner"]) for one in ended} == {("the-admin", "alice"), ("the-admin", "bob")}
    assert len(ended) == 2


@pytest.mark.parametrize(("role", "sees"), [(Role.MODERATOR, False), (Role.AUDITOR, True)])
def test_others_revoke_nothing(client: Client, alice: User, role: Role, sees: bool) -> None:
    key, secret = made(alice)
    assert of_role(client, role).get(LIST).status_code == (200 if sees else 403)
    revoke(client, key)
    assert authenticate(secret)


def test_nobody_makes_changes_or_deletes_one_there(client: Client, alice: User, grace: User) -> None:
    key, _secret = made(alice)
    client.force_login(grace)
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{key.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{LIST}{key.pk}/change/", {"name": "Mine"}).status_code == 403
    key.refresh_from_db()
    assert key.name == "Notebook"

"""The page of API keys: each sees and revokes their own, and a secret is on one page, once."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import api_keys
from accounts.api_keys import authenticate
from accounts.models import ApiKey, User
from audit.models import Entry
from inference import serving
from tests.limits.stories import policy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]

PAGE = "/accounts/keys/"
SECRET = re.compile(r"cs-[\w-]{43}")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(user: User) -> str:
    return signed_in(user).get(PAGE).content.decode()


def asked(user: User, **said: Any) -> Any:
    """The answer to the form."""
    return signed_in(user).post(PAGE, {"name": "Notebook", "scopes": ["chat", "models"], "expires": "90", **said})


def made(user: User, name: str = "Notebook", **more: Any) -> ApiKey:
    return api_keys.create(user, name, **{"scopes": ["chat"], **more})[0]


# --- A new one --------------------------------------------------------------------------------------------------------


def test_a_new_key_is_shown_once_and_works(alice: User) -> None:
    answer = asked(alice)
    assert answer.status_code == 201
    secrets = set(SECRET.findall(answer.content.decode()))
    assert len(secrets) == 1
    key = authenticate(secret := secrets.pop())
    assert key
    assert (key.user, key.name, key.scopes, key.saves) == (alice, "Notebook", ["chat", "models"], False)
    later = page(alice)
    assert key.prefix in later
    assert secret[8:] not in later
    assert "no-store" in answer["Cache-Control"]


def test_it_comes_with_an_example_for_this_site_and_its_model(alice: User) -> None:
    text = asked(alice).content.decode()
    assert "curl http://testserver/v1/chat/completions" in text
    assert f'"model": "{serving.model().name}"' in text
    assert "data-copy-text" in text


@pytest.mark.parametrize(("days", "left"), [("7", 7), ("365", 365), ("", None)])
def test_it_lasts_as_long_as_was_chosen(alice: User, days: str, left: int | None) -> None:
    asked(alice, expires=days)
    ends = ApiKey.objects.get().expires_at
    assert (ends and round((ends - timezone.now()) / timedelta(days=1))) == left


def test_it_is_on_record_as_the_persons_own_doing(alice: User) -> None:
    asked(alice)
    entry = Entry.objects.get(action="api_key.created")
    assert (entry.actor_name, entry.details["owner"]) == ("alice", "alice")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"name": ""}, "required"),
        ({"name": "x" * 101}, "at most 100"),
        ({"scopes": []}, "required"),
        ({"scopes": ["admin"]}, "admin is not one of"),
        ({"expires": "12"}, "12 is not one of"),
        ({"models": ["gpt-9"]}, "There is no model gpt-9 here. You may use: scripted."),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_stays_typed(alice: User, said: dict[str, Any], words: str) -> None:
    answer = asked(alice, **{"name": "Kept words", "saves": "on", **said})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert words in text
    assert not ApiKey.objects.exists()
    if "name" not in said:
        assert 'value="Kept words"' in text
    assert re.search(r'name="saves"[^>]*checked', text)


def test_what_the_verb_refuses_is_said_there_too(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_keys, "MOST_ACTIVE", 1)
    made(alice)
    answer = asked(alice)
    assert answer.status_code == 422
    assert "You have 1 keys already." in answer.content.decode()
    assert ApiKey.objects.count() == 1


def test_who_may_not_use_the_api_reads_so_and_can_still_revoke(alice: User) -> None:
    key = made(alice)
    policy(alice, may_use_api=False)
    text = page(alice)
    assert "You may not use the API here." in text
    assert 'name="scopes"' not in text
    assert f"{PAGE}{key.pk}/revoke/" in text
    assert asked(alice).status_code == 422
    assert ApiKey.objects.count() == 1


def test_models_are_offered_only_where_there_is_a_choice(alice: User) -> None:
    assert 'name="models"' not in page(alice)


# --- The list ---------------------------------------------------------------------------------------------------------


def test_without_keys_it_says_so(alice: User) -> None:
    text = page(alice)
    assert "None yet." in text
    assert "Revoke all" not in text


def test_everybody_sees_their_own(alice: User, bob: User, grace: User) -> None:
    made(alice, "Alice's notebook")
    for other in (bob, grace):
        assert "notebook" not in page(other)
    text = page(alice)
    assert "Alice&#x27;s notebook" in text
    assert "never used" in text
    assert "does not expire" in text


def test_each_says_what_it_may_and_how_it_stands(alice: User) -> None:
    made(alice, "One", scopes=["models"], models=["small", "tiny"], saves=True)
    text = page(alice)
    assert "list models · only small, tiny · conversations are kept" in " ".join(text.split())
    api_keys.revoke(ApiKey.objects.filter(name="One"), by=alice)
    assert "revoked" in page(alice)
    made(alice, "Two", expires_at=timezone.now() + timedelta(days=1))
    assert "expires <time" in page(alice)
    ApiKey.objects.filter(name="Two").update(expires_at=timezone.now() - timedelta(days=1))
    assert "expired" in page(alice)


def test_what_is_typed_as_a_name_is_a_name(alice: User) -> None:
    made(alice, "<script>alert(1)</script>")
    text = page(alice)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


# --- Revoking ---------------------------------------------------------------------------------------------------------


def test_one_is_revoked_and_the_others_stay(alice: User) -> None:
    gone, stays = made(alice), made(alice)
    client = signed_in(alice)
    for _twice in range(2):
        answer = client.post(f"{PAGE}{gone.pk}/revoke/")
        assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert list(ApiKey.objects.active()) == [stays]
    assert Entry.objects.filter(action="api_key.revoked").count() == 1


def test_nobody_revokes_anothers(alice: User, bob: User, grace: User) -> None:
    key = made(alice)
    for other in (bob, grace):
        assert signed_in(other).post(f"{PAGE}{key.pk}/revoke/").status_code == 404
        signed_in(other).post(f"{PAGE}revoke/")
    assert ApiKey.objects.active().get() == key


def test_all_are_revoked_at_once(alice: User, bob: User) -> None:
    keys, his = [made(alice), made(alice)], made(bob)
    assert "Revoke all" in page(alice)
    assert signed_in(alice).post(f"{PAGE}revoke/").status_code == 302
    assert list(ApiKey.objects.active()) == [his]
    assert "Revoke all" not in page(alice)
    assert Entry.objects.filter(action="api_key.revoked", actor_name="alice").count() == len(keys)


@pytest.mark.parametrize("way", ["{pk}/revoke/", "revoke/"])
def test_a_look_revokes_nothing(alice: User, way: str) -> None:
    key = made(alice)
    assert signed_in(alice).get(PAGE + way.format(pk=key.pk)).status_code == 405
    assert ApiKey.objects.active().exists()


def test_another_site_cannot_ask_for_a_key(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    said = {"name": "Stolen", "scopes": ["chat"]}
    assert client.post(PAGE, said).status_code == 403
    assert client.post(PAGE, said, headers={"origin": "https://evil.example"}).status_code == 403
    assert not ApiKey.objects.exists()


def test_a_new_password_leaves_keys_and_the_page_says_so(alice: User, settings: Settings) -> None:
    key = made(alice)
    form = {"oldpassword": "alice's password", "password1": "a long and 4ncommon one"}
    client = signed_in(alice)
    answer = client.post("/accounts/password/change/", {**form, "password2": form["password1"]})
    assert answer.status_code == 302
    assert ApiKey.objects.active().get() == key
    assert "A new password does not revoke keys" in client.get(PAGE).content.decode()

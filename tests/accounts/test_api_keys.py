"""API keys: shown once, stored hashed, with no more rights than they need, and over when they are said to be."""

import hashlib
import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import api_keys
from accounts.api_keys import LASTS_DAYS, MOST_ACTIVE, KeyRefused, authenticate, create, forget, revoke
from accounts.models import ApiKey, User
from audit.models import Entry
from conversations import tasks
from limits import restraints
from tests.limits.stories import policy
from tests.races import at_once

pytestmark = pytest.mark.django_db


def made(user: User, name: str = "Notebook", **more: Any) -> tuple[ApiKey, str]:
    return create(user, name, **{"scopes": ["chat", "models"], **more})


def refused(user: User, name: str = "Notebook", **more: Any) -> KeyRefused:
    """Why no key is made; and none is."""
    with pytest.raises(KeyRefused) as why:
        made(user, name, **more)
    return why.value


def past(key: ApiKey, **ago: timedelta) -> None:
    """Moments of a key, so long ago."""
    ApiKey.objects.filter(pk=key.pk).update(**{name: timezone.now() - age for name, age in ago.items()})


# --- The secret -------------------------------------------------------------------------------------------------------


def test_a_secret_opens_the_key_it_was_made_with(alice: User) -> None:
    key, secret = made(alice, " Notebook ", models=["small"], saves=True)
    found = authenticate(secret)
    assert found == key
    assert (found.user, found.name, found.models, found.saves) == (alice, "Notebook", ["small"], True)
    assert found.allows("chat")
    assert found.allows("models")


def test_a_secret_is_long_random_and_begins_with_what_is_shown(alice: User) -> None:
    (key, secret), (_other, another) = made(alice), made(alice)
    assert len(secret) == len("cs-") + 43
    assert secret.startswith("cs-")
    assert key.prefix == secret[:8]
    assert secret != another


def test_only_its_hash_is_stored(alice: User, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        key, secret = made(alice)
        assert authenticate(secret)
    row = ApiKey.objects.values().get(pk=key.pk)
    assert row["digest"] == hashlib.sha256(secret.encode()).hexdigest()
    hidden = secret[8:]
    assert hidden not in str(row)
    assert hidden not in str(list(Entry.objects.values()))
    assert hidden not in caplog.text


@pytest.mark.parametrize(
    "wrong",
    ["", "cs-", "sk-" + "a" * 43, "cs-" + "a" * 43, "cs-" + "a" * 42, "cs-" + "a" * 44, "cs-" + "ä" * 43, "\x00" * 46],
)
def test_nothing_else_opens_anything(alice: User, wrong: str) -> None:
    made(alice)
    assert authenticate(wrong) is None


def test_a_secret_is_what_it_is_to_the_letter(alice: User) -> None:
    _key, secret = made(alice)
    for near in (secret.swapcase(), f" {secret}", f"{secret}\n", secret[:-1], f"{secret}x", secret.replace("-", "_")):
        assert authenticate(near) is None, near
    assert authenticate(secret)


def test_it_costs_one_query_and_none_for_what_cannot_be_a_key(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _key, secret = made(alice)
    assert authenticate(secret)  # and notes the use
    with django_assert_num_queries(1):
        found = authenticate(secret)
        assert found
        assert found.user.username == "alice"
    with django_assert_num_queries(1):
        assert authenticate("cs-" + "a" * 43) is None
    with django_assert_num_queries(0):
        assert authenticate("Basic YWxpY2U6eA==") is None


def test_its_use_is_noted_once_a_minute(alice: User) -> None:
    key, secret = made(alice)

    def used() -> datetime | None:
        authenticate(secret)
        return ApiKey.objects.get(pk=key.pk).last_used_at

    assert key.last_used_at is None
    first = used()
    assert first
    assert timezone.now() - first < timedelta(minutes=1)
    assert used() == first
    past(key, last_used_at=timedelta(seconds=61))
    again = used()
    assert again
    assert again >= first


# --- What ends it -----------------------------------------------------------------------------------------------------


def test_a_key_that_is_over_opens_nothing(alice: User) -> None:
    key, secret = made(alice, expires_at=timezone.now() + timedelta(days=7))
    assert authenticate(secret)
    past(key, expires_at=timedelta(seconds=1))
    assert authenticate(secret) is None
    key.refresh_from_db()
    assert key.is_over
    assert not ApiKey.objects.active().exists()


def test_a_revoked_key_opens_nothing_and_the_others_do(alice: User, bob: User) -> None:
    (gone, of_gone), (_left, of_left), (_his, of_his) = made(alice), made(alice), made(bob)
    assert revoke(ApiKey.objects.filter(pk=gone.pk), by=alice) == 1
    assert revoke(ApiKey.objects.filter(pk=gone.pk), by=alice) == 0
    assert authenticate(of_gone) is None
    assert authenticate(of_left)
    assert authenticate(of_his)
    gone.refresh_from_db()
    assert gone.is_over


def test_all_keys_of_a_person_can_be_revoked_at_once(alice: User, bob: User) -> None:
    secrets = [made(alice)[1] for _ in range(3)]
    _his, of_his = made(bob)
    assert revoke(ApiKey.objects.visible_to(alice).active(), by=alice) == 3
    assert [authenticate(secret) for secret in secrets] == [None] * 3
    assert authenticate(of_his)


def test_who_is_switched_off_has_no_key(alice: User) -> None:
    _key, secret = made(alice)
    alice.is_active = False
    alice.save()
    assert authenticate(secret) is None
    alice.is_active = True
    alice.save()
    assert authenticate(secret)


def test_who_is_suspended_has_no_key_until_that_is_lifted(alice: User, bob: User, grace: User) -> None:
    (_key, secret), (_his, of_his) = made(alice), made(bob)
    restraints.suspend(alice, timezone.now() + timedelta(hours=1), "Enough.", grace)
    assert authenticate(secret) is None
    assert authenticate(of_his)
    restraints.lift(alice, grace)
    assert authenticate(secret)


def test_who_is_slowed_or_was_suspended_keeps_their_keys(alice: User, grace: User) -> None:
    _key, secret = made(alice)
    restraints.slow(alice, None, "", grace)
    restraints.suspend(alice, timezone.now() - timedelta(seconds=1), "", grace)
    assert authenticate(secret)


def test_a_new_password_leaves_keys_as_they_are(alice: User) -> None:
    _key, secret = made(alice)
    alice.set_password("an altogether other one 7")
    alice.save()
    assert authenticate(secret)


def test_keys_go_with_their_person(alice: User) -> None:
    _key, secret = made(alice)
    alice.delete()
    assert authenticate(secret) is None


def test_what_is_over_is_forgotten_after_a_month(alice: User) -> None:
    revoked, expired, fresh, lasting = (made(alice)[0] for _ in range(4))
    past(revoked, revoked_at=timedelta(days=31))
    past(expired, expires_at=timedelta(days=31))
    past(fresh, revoked_at=timedelta(days=29), expires_at=timedelta(days=29))
    past(lasting, created_at=timedelta(days=400), last_used_at=timedelta(days=400))
    assert forget() == 2
    assert set(ApiKey.objects.all()) == {fresh, lasting}


def test_forgetting_is_among_what_recurs(alice: User) -> None:
    past(made(alice)[0], revoked_at=timedelta(days=31))
    tasks.forget()
    assert not ApiKey.objects.exists()


# --- What it may ------------------------------------------------------------------------------------------------------


def test_a_key_may_what_its_scopes_say(alice: User) -> None:
    key, _secret = made(alice, scopes=["models"])
    assert key.allows("models")
    assert not key.allows("chat")
    assert made(alice, scopes=["models", "chat", "chat"])[0].scopes == ["chat", "models"]


def test_a_key_is_for_the_models_it_names_or_for_all(alice: User) -> None:
    some, _secret = made(alice, models=["small", "large", "small"])
    assert some.models == ["large", "small"]
    assert some.allows_model("small")
    assert not some.allows_model("medium")
    assert made(alice)[0].allows_model("medium")


def test_a_key_names_no_model_that_the_policy_forbids(alice: User) -> None:
    policy(alice, models=["small"])
    assert made(alice, models=["small"])
    no = refused(alice, models=["small", "huge"])
    assert (no.code, str(no.detail)) == ("models", "The policy does not allow: huge.")


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ({"name": "  "}, "name", "1 to 100 characters"),
        ({"name": "x" * 101}, "name", "1 to 100 characters"),
        ({"name": "a\x00b"}, "name", "1 to 100 characters"),
        ({"scopes": []}, "scopes", "there are: chat, models"),
        ({"scopes": ["chat", "admin"]}, "scopes", "there are: chat, models"),
        ({"models": ["x"] * 51}, "models", "at most 50"),
        ({"models": [""]}, "models", "at most 50"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "expires_at", "in the future"),
    ],
)
def test_what_is_wrong_is_said_with_what_is_allowed(alice: User, said: dict[str, Any], code: str, words: str) -> None:
    no = refused(alice, **said)
    assert no.code == code
    assert words in str(no.detail)
    assert not ApiKey.objects.exists()
    assert not Entry.objects.exists()


def test_who_may_not_use_the_api_gets_no_key(alice: User, bob: User) -> None:
    policy(alice, may_use_api=False)
    no = refused(alice)
    assert (no.code, str(no.detail)) == ("may_not_use_api", "You may not use the API here. Ask an administrator.")
    assert made(bob)


def test_who_is_suspended_gets_no_key(alice: User, grace: User) -> None:
    restraints.suspend(alice, None, "", grace)
    assert refused(alice).code == "suspended"


# --- How many ---------------------------------------------------------------------------------------------------------


def test_a_person_has_so_many_active_keys_and_no_more(alice: User, bob: User) -> None:
    keys = [made(alice)[0] for _ in range(MOST_ACTIVE)]
    no = refused(alice)
    assert (no.code, str(no.detail)) == ("too_many_keys", "You have 20 keys already. Revoke one first.")
    assert made(bob)
    past(keys[0], expires_at=timedelta(seconds=1))
    assert made(alice)
    assert refused(alice).code == "too_many_keys"
    revoke(ApiKey.objects.filter(pk=keys[1].pk), by=alice)
    assert made(alice)


@pytest.mark.django_db(transaction=True)
def test_two_made_at_the_same_moment_pass_no_limit(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_keys, "MOST_ACTIVE", 2)
    outcomes = at_once(*[partial(made, alice)] * 6)
    assert sum(isinstance(one, KeyRefused) for one in outcomes) == 4
    assert ApiKey.objects.active().count() == 2


@pytest.mark.django_db(transaction=True)
def test_revoking_all_and_one_at_the_same_moment_ends_each_once(alice: User) -> None:
    keys = [made(alice)[0] for _ in range(6)]
    one_by_one = [partial(revoke, ApiKey.objects.filter(pk=key.pk), by=alice) for key in reversed(keys)]
    outcomes = at_once(*one_by_one, partial(revoke, ApiKey.objects.visible_to(alice), by=alice))
    assert sum(outcomes) == 6
    assert Entry.objects.filter(action="api_key.revoked").count() == 6


def test_how_long_it_lasts_is_a_closed_list() -> None:
    assert LASTS_DAYS == (7, 30, 90, 365)


# --- The audit log ----------------------------------------------------------------------------------------------------


def test_making_and_revoking_are_on_record(alice: User, grace: User) -> None:
    key, _secret = made(alice, scopes=["chat"], models=["small"], by=alice)
    revoke(ApiKey.objects.visible_to(alice), by=grace)
    created, revoked = Entry.objects.filter(subject_kind="accounts.ApiKey").order_by("pk")
    whose = {"owner": "alice", "owner_id": alice.pk}
    assert (created.action, created.actor_name, created.subject_name) == ("api_key.created", "alice", str(key))
    assert created.details == {**whose, "scopes": ["chat"], "models": ["small"], "saves": False, "expires": None}
    assert (revoked.action, revoked.actor_name, revoked.details) == ("api_key.revoked", "grace", whose)


def test_the_command_line_is_nobody(alice: User) -> None:
    made(alice)
    assert Entry.objects.get().actor_id is None

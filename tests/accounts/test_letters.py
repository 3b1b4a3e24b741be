"""Lost passwords and sign-up at open domains: letters, and answers that tell nobody who has an account."""

import logging
import time
from typing import Any

import pytest
import redis
from django.core import mail
from django.test import Client

from accounts.models import Invitation, User
from audit.models import Entry
from tests.accounts.post import link, work_off

pytestmark = pytest.mark.django_db
RESET, SIGN_UP, SENT = "/accounts/password/reset/", "/accounts/signup/", "/accounts/letter/"
NEW = {"password1": "a better word 4", "password2": "a better word 4"}


@pytest.fixture(autouse=True)
def with_mail(settings: Any) -> None:
    settings.EMAIL_URL = "smtp://there"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.SIGN_UP_DOMAINS = ["example.org"]


def asked(client: Client, page: str, address: str) -> Any:
    return client.post(page, {"email": address})


@pytest.fixture
def reset_link(client: Client, alice: User, empty_redis: redis.Redis) -> str:
    asked(client, RESET, "Alice@example.org")
    work_off(empty_redis)
    return link()


# --- A lost password --------------------------------------------------------------------------------------------------


def test_a_letter_brings_a_new_password(client: Client, alice: User, empty_redis: redis.Redis) -> None:
    here = Client()
    here.force_login(alice)
    asked(client, RESET, alice.email)
    work_off(empty_redis)
    reset_link = link()
    form = client.get(reset_link).headers["Location"]
    assert reset_link.rstrip("/").rpartition("-")[2] not in form, "the key stays in no history"
    assert client.post(form, NEW).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(NEW["password1"])
    assert here.get("/accounts/usage/").status_code == 302, "every device is signed out"
    assert "_auth_user_id" not in client.session, "the password alone is not the second factor"
    assert Entry.objects.filter(action="password.reset").count() == 1


def test_its_link_works_once(client: Client, alice: User, reset_link: str) -> None:
    client.post(client.get(reset_link).headers["Location"], NEW)
    assert "This link is over" in Client().get(reset_link).content.decode()


def test_a_weak_password_is_refused(client: Client, alice: User, reset_link: str) -> None:
    form = client.get(reset_link).headers["Location"]
    assert client.post(form, {"password1": "12345678", "password2": "12345678"}).status_code == 200
    alice.refresh_from_db()
    assert alice.check_password("alice's password")


def test_a_link_of_before_another_password_is_over(client: Client, alice: User, reset_link: str) -> None:
    alice.set_password("meanwhile another")
    alice.save()
    assert "This link is over" in client.get(reset_link).content.decode()


@pytest.mark.parametrize("address", ["nobody@example.org", "bob@example.org"])
def test_who_has_no_account_or_is_switched_off_gets_none(
    client: Client, bob: User, empty_redis: redis.Redis, address: str
) -> None:
    User.objects.update(is_active=False)
    asked(client, RESET, address)
    assert work_off(empty_redis) == ["accounts.tasks.lost_password"]
    assert mail.outbox == []


def test_an_address_that_only_looks_the_same_to_a_database_gets_no_link(
    client: Client, empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL finds Mike by either; here the question is put as it would answer it."""
    User.objects.create_user("mike", "mike@example.org", "mike's password")
    other = "m\N{LATIN SMALL LETTER DOTLESS I}ke@example.org"
    monkeypatch.setattr(User.objects, "filter", lambda **_asked: User.objects.all())
    asked(client, RESET, other)
    work_off(empty_redis)
    assert mail.outbox == []
    asked(client, RESET, "MIKE@example.org")
    work_off(empty_redis)
    assert mail.outbox[-1].to == ["mike@example.org"]


def test_nobody_floods_a_colleague(client: Client, alice: User, empty_redis: redis.Redis) -> None:
    for number in range(4):
        client.post(RESET, {"email": "alice@example.org"}, REMOTE_ADDR=f"192.0.2.{number}")
    work_off(empty_redis)
    assert len(mail.outbox) == 1


def test_asking_too_often_is_paused_for_that_place_only(client: Client, alice: User) -> None:
    answers = [asked(client, RESET, f"a{number}@example.org").status_code for number in range(7)]
    assert answers == [302] * 5 + [429] * 2
    elsewhere = client.post(RESET, {"email": "alice@example.org"}, REMOTE_ADDR="192.0.2.9")
    assert elsewhere.status_code == 302


def test_without_a_mail_server_the_page_says_who_helps(client: Client, alice: User, settings: Any) -> None:
    settings.EMAIL_URL = ""
    assert "An administrator can give you a link" in client.get(RESET).content.decode()
    assert "An administrator can" in asked(client, RESET, alice.email).content.decode()


def test_a_mail_server_that_is_away_is_logged_without_the_address(
    client: Client, alice: User, empty_redis: redis.Redis, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    logging.getLogger("accounts.letters").addHandler(caplog.handler)  # Celery may have taken it from the root
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    asked(client, RESET, alice.email)
    work_off(empty_redis)
    assert "lost_password was not sent: ConnectionRefusedError" in caplog.text
    assert "alice" not in caplog.text


def test_a_letter_is_in_the_language_of_the_page(client: Client, alice: User, empty_redis: redis.Redis) -> None:
    client.post(RESET, {"email": alice.email}, headers={"accept-language": "zh-hans"})
    work_off(empty_redis)
    assert "密码" in mail.outbox[-1].subject


# --- An open domain ---------------------------------------------------------------------------------------------------


def test_whoever_has_an_address_there_makes_an_account(client: Client, empty_redis: redis.Redis) -> None:
    assert asked(client, SIGN_UP, "new@Example.org").headers["Location"] == SENT
    work_off(empty_redis)
    assert mail.outbox[-1].to == ["new@Example.org"]
    client.get(link())
    client.post("/accounts/join/", {"username": "new", **NEW})
    person = User.objects.get()
    assert (person.email, client.session["_auth_user_id"]) == ("new@example.org", str(person.pk))


@pytest.mark.parametrize("address", ["new@elsewhere.org", "new@example.org.evil", "new@sub.example.org"])
def test_other_domains_are_told_which_are_open(client: Client, empty_redis: redis.Redis, address: str) -> None:
    answer = asked(client, SIGN_UP, address)
    assert (answer.status_code, "example.org" in answer.content.decode()) == (422, True)
    assert work_off(empty_redis) == []


def test_who_has_an_account_is_told_so_by_letter_only(client: Client, alice: User, empty_redis: redis.Redis) -> None:
    assert asked(client, SIGN_UP, alice.email).headers["Location"] == SENT
    work_off(empty_redis)
    assert "There is one already" in str(mail.outbox[-1].body)
    assert not Invitation.objects.exists()


def test_a_closed_site_takes_no_address(client: Client, settings: Any, empty_redis: redis.Redis) -> None:
    settings.SIGN_UP_DOMAINS = []
    assert "Accounts are made by an administrator" in asked(client, SIGN_UP, "new@example.org").content.decode()
    assert work_off(empty_redis) == []


# --- Nobody learns who has an account ---------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [RESET, SIGN_UP])
def test_the_answer_is_the_same(client: Client, alice: User, page: str) -> None:
    known, unknown = asked(client, page, "alice@example.org"), asked(client, page, "nobody@example.org")
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])
    assert known.content == unknown.content
    assert known.cookies.keys() == unknown.cookies.keys()


@pytest.mark.parametrize("page", [RESET, SIGN_UP])
def test_what_the_answer_takes_does_not_depend_on_it(
    client: Client, alice: User, page: str, django_assert_num_queries: Any
) -> None:
    """No row is asked for before the answer: nothing is there that could take longer."""
    for address in ("alice@example.org", "nobody@example.org"):
        with django_assert_num_queries(0):
            asked(client, page, address)


def test_signing_in_takes_one_hashing_whoever_it_is(
    client: Client, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob.is_active = False
    bob.save()
    from django.contrib.auth.hashers import MD5PasswordHasher  # noqa: PLC0415

    hashings: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str, *more: Any) -> str:
        hashings.append(password)
        return encode(self, password, salt, *more)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    took = {}
    for name in ("alice", "nobody", "bob", "alice@example.org", "nobody@example.org"):
        hashings.clear()
        client.post("/accounts/login/", {"login": name, "password": "wrong"})
        took[name] = len(hashings)
    assert set(took.values()) == {1}, took


@pytest.mark.long
def test_signing_in_takes_about_as_long_whoever_it_is(client: Client, settings: Any) -> None:
    """With the product's own slow hasher."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    User.objects.create_user("alice", "alice@example.org", "alice's password")

    def took(name: str, number: int) -> float:
        began = time.process_time()
        client.post("/accounts/login/", {"login": name, "password": "wrong"}, REMOTE_ADDR=f"192.0.2.{number}")
        return time.process_time() - began

    known, unknown = (sorted(took(name, number) for number in range(9))[4] for name in ("alice", "nobody"))
    assert abs(known - unknown) < 0.25 * max(known, unknown), (known, unknown)

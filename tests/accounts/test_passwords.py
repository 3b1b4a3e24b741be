"""Wherever a password is chosen the page says what is asked of it before it refuses one."""

import re
from typing import Any

import pytest
import redis
from django.test import Client

from accounts import invitations
from accounts.models import User
from tests.accounts.post import link, work_off

pytestmark = pytest.mark.django_db
FIELD = re.compile(r"<input[^>]* name=\"(?:new_)?password1\"[^>]*>")
ASKED = {"en": "at least 8 characters", "zh-hans": "至少 8 个字符"}


def tells(client: Client, page: str, language: str) -> bool:
    """Whether the field's own description, which screen readers read with it, has the length in it."""
    html = client.get(page, headers={"Accept-Language": language}).content.decode()
    named = re.search(r'aria-describedby="([^"]*)"', FIELD.findall(html)[0])
    assert named, "the field has no description"
    described = html.partition(f'id="{named[1].split()[0]}"')[2].partition("</div>")[0]
    return described.count("<li>") == 4 and ASKED[language] in described


def reset_page(client: Client, address: str, queue: redis.Redis) -> str:
    client.post("/accounts/password/reset/", {"email": address})
    work_off(queue)
    return str(client.get(link()).headers["Location"])


@pytest.mark.parametrize("language", ASKED)
def test_who_joins_is_told(client: Client, grace: User, language: str) -> None:
    _row, secret = invitations.invite(by=grace)
    client.get(f"/accounts/invitations/{secret}/")
    assert tells(client, "/accounts/join/", language)


@pytest.mark.parametrize("language", ASKED)
def test_who_lost_theirs_is_told(
    client: Client, alice: User, empty_redis: redis.Redis, settings: Any, language: str
) -> None:
    settings.EMAIL_URL = "smtp://there"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert tells(client, reset_page(client, alice.email, empty_redis), language)


@pytest.mark.parametrize("language", ASKED)
@pytest.mark.parametrize(
    "page",
    [
        "/accounts/password/change/",
        "/admin/password_change/",
        "/admin/accounts/user/add/",
        "/admin/accounts/user/{grace.pk}/password/",
    ],
)
def test_who_changes_or_gives_one_is_told(client: Client, grace: User, page: str, language: str) -> None:
    client.force_login(grace)
    assert tells(client, page.format(grace=grace), language)


def test_the_present_one_is_not_chosen(client: Client, alice: User) -> None:
    client.force_login(alice)
    html = client.get("/accounts/password/change/").content.decode()
    (present,) = re.findall(r'<input[^>]* name="oldpassword"[^>]*>', html)
    assert "aria-describedby" not in present


@pytest.mark.parametrize(
    ("language", "said"), [("en", "at least 8 characters."), ("zh-hans", "密码太短：至少需要 8 个字符。")]
)
def test_what_is_refused_is_said_in_ones_language(client: Client, alice: User, language: str, said: str) -> None:
    alice.set_password("as it was before")
    alice.save()
    client.force_login(alice)
    given = {"oldpassword": "as it was before", "password1": "mJ4#z", "password2": "mJ4#z"}
    answer = client.post("/accounts/password/change/", given, headers={"Accept-Language": language})
    refusal = re.findall(r'role="alert">([^<]*)<', answer.content.decode())
    assert len(refusal) == 1
    assert refusal[0].endswith(said)
    alice.refresh_from_db()
    assert alice.check_password("as it was before")

"""A second factor: set up, asked for, lost, taken away; and for whom it is required."""

import io
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import Client, override_settings
from django.utils import translation

from accounts import api_keys, mfa_adapter, second_factor
from accounts.models import RequiredSecondFactor, User
from audit.models import Entry
from limits import restraints
from tests.accounts.factors import code_of, confirm, set_up_app, sign_in

pytestmark = pytest.mark.django_db
PAGE = "/accounts/2fa/"
ASKED = "/accounts/2fa/authenticate/"
HTML = {"accept": "text/html"}


def is_in(client: Client) -> bool:
    return client.get("/accounts/usage/").status_code == 200


@pytest.fixture
def protected(alice: User, django_capture_on_commit_callbacks: Any) -> tuple[str, list[str]]:
    """Alice has an app: its secret, and her recovery codes."""
    client = Client()
    sign_in(client, "alice")
    confirm(client, "alice")
    with django_capture_on_commit_callbacks(execute=True):
        return set_up_app(client)


def required_of(*people: User) -> Group:
    group = Group.objects.create(name="Careful")
    group.user_set.add(*people)
    RequiredSecondFactor.objects.create(group=group)
    return group


# --- Of one's own will ------------------------------------------------------------------------------------------------


def test_it_takes_the_password_again_to_set_one_up(client: Client, alice: User) -> None:
    client.force_login(alice)
    answer = client.get("/accounts/2fa/app/activate/")
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")


def test_sign_in_asks_for_the_code(client: Client, protected: tuple[str, list[str]]) -> None:
    assert sign_in(client, "alice") == ASKED
    assert not is_in(client)
    assert client.post(ASKED, {"code": "000000"}).status_code == 200
    assert not is_in(client)
    assert client.post(ASKED, {"code": code_of(protected[0], 1)}).headers["Location"] == "/"
    assert is_in(client)


def test_a_code_works_once(protected: tuple[str, list[str]]) -> None:
    code = code_of(protected[0], 1)
    for works in (True, False):
        client = Client()
        sign_in(client, "alice")
        client.post(ASKED, {"code": code})
        assert is_in(client) is works


def test_a_recovery_code_works_once(protected: tuple[str, list[str]]) -> None:
    assert len(set(protected[1])) == 10
    for works in (True, False):
        client = Client()
        sign_in(client, "alice")
        client.post(ASKED, {"code": protected[1][0]})
        assert is_in(client) is works


def test_recovery_codes_are_shown_once(client: Client, protected: tuple[str, list[str]]) -> None:
    sign_in(client, "alice")
    client.post(ASKED, {"code": protected[1][0]})
    confirm(client, "alice")
    html = client.get("/accounts/2fa/recovery-codes/").content.decode()
    assert "9 codes are left." in html
    assert not any(code in html for code in protected[1])


def test_guessing_the_code_is_paused(client: Client, protected: tuple[str, list[str]]) -> None:
    sign_in(client, "alice")
    for _ in range(6):
        client.post(ASKED, {"code": "000000"})
    client.post(ASKED, {"code": code_of(protected[0], 1)})
    assert not is_in(client)


def test_who_is_suspended_between_password_and_code_stays_outside(
    client: Client, alice: User, protected: tuple[str, list[str]]
) -> None:
    sign_in(client, "alice")
    restraints.suspend(alice, None, "")
    answer = client.post(ASKED, {"code": code_of(protected[0], 1)})
    assert answer.headers["Location"] == "/accounts/suspended/"
    assert not is_in(client)


def test_the_code_page_is_nothing_for_who_did_not_give_the_password(
    client: Client, protected: tuple[str, list[str]]
) -> None:
    assert client.get(ASKED).headers["Location"] == "/accounts/login/"
    client.post(ASKED, {"code": code_of(protected[0], 1)})
    assert not is_in(client)


def test_it_is_switched_off_again(client: Client, protected: tuple[str, list[str]]) -> None:
    sign_in(client, "alice")
    client.post(ASKED, {"code": protected[1][0]})
    confirm(client, "alice")
    client.post("/accounts/2fa/app/deactivate/")
    assert not Authenticator.objects.exists()
    assert sign_in(Client(), "alice") == "/"


def test_each_step_is_audited_without_secrets(client: Client, protected: tuple[str, list[str]]) -> None:
    sign_in(client, "alice")
    client.post(ASKED, {"code": "123123"})
    entries = list(Entry.objects.filter(action__startswith="second_factor"))
    assert {(entry.action, entry.details["kind"]) for entry in entries} >= {
        ("second_factor.added", "totp"),
        ("second_factor.failed", "totp"),
    }
    assert all(entry.details.keys() == {"address", "kind"} for entry in entries)


def test_secrets_are_encrypted_and_survive_another_key(client: Client, protected: tuple[str, list[str]]) -> None:
    secret, codes = protected
    assert secret not in str(list(Authenticator.objects.values_list("data", flat=True)))
    old = settings.SECRET_KEY
    with override_settings(SECRET_KEY="the new one", SECRET_KEY_FALLBACKS=[old]):
        call_command("renew_secrets", stdout=io.StringIO())
    with override_settings(SECRET_KEY="the new one"):
        assert sign_in(client, "alice") == ASKED
        client.post(ASKED, {"code": codes[0]})
        assert is_in(client)


def test_what_no_key_opens_is_a_wrong_code_and_said_once(
    client: Client, protected: tuple[str, list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    mfa_adapter._warn.cache_clear()
    with override_settings(SECRET_KEY="the new one"):
        sign_in(client, "alice")
        for code in (code_of(protected[0], 1), protected[1][0]):
            answer = client.post(ASKED, {"code": code})
            assert answer.status_code == 200
            assert "Incorrect code" in answer.content.decode()
        assert not is_in(client)
    said = [line for line in caplog.messages if "CHATSITE_SECRET_KEY" in line]
    assert len(said) == 1
    assert protected[0] not in caplog.text
    assert not any(code in caplog.text for code in protected[1])


def test_renewing_names_whose_factors_no_key_opens(protected: tuple[str, list[str]], bob: User) -> None:
    fresh = Authenticator.objects.create(user=bob, type=Authenticator.Type.TOTP, data={"secret": ""})
    said, complained = io.StringIO(), io.StringIO()
    with override_settings(SECRET_KEY="the new one"):
        fresh.data = {"secret": mfa_adapter.SecondFactorAdapter().encrypt("bob's")}
        fresh.save()
        call_command("renew_secrets", stdout=said, stderr=complained)
    assert "key: 1." in said.getvalue()
    assert "alice" in complained.getvalue()
    assert "bob" not in complained.getvalue()


# --- Where it is required ---------------------------------------------------------------------------------------------


def test_who_must_have_one_is_led_to_it_and_gets_nothing_else(client: Client, alice: User, bob: User) -> None:
    sign_in(client, "alice")
    assert is_in(client)
    required_of(alice)
    for page in ("/", "/accounts/usage/", "/accounts/keys/", "/accounts/appearance/", "/prompts/"):
        assert client.get(page, headers=HTML).headers["Location"] == PAGE
    data = client.get("/limits/")
    assert (data.status_code, data.json()["code"]) == (403, "second_factor")
    assert client.get(PAGE, headers=HTML).status_code == 200
    bobs = Client()
    sign_in(bobs, "bob")
    assert is_in(bobs)


def test_once_it_is_set_up_the_site_is_open(client: Client, alice: User) -> None:
    required_of(alice)
    sign_in(client, "alice")
    confirm(client, "alice")
    set_up_app(client)
    assert is_in(client)


def test_the_last_one_of_who_must_have_one_stays(client: Client, alice: User, protected: Any) -> None:
    required_of(alice)
    sign_in(client, "alice")
    client.post(ASKED, {"code": protected[1][0]})
    confirm(client, "alice")
    answer = client.post("/accounts/2fa/app/deactivate/")
    assert "cannot deactivate" in answer.content.decode()
    assert Authenticator.objects.filter(type="totp").exists()


def test_the_last_passkey_of_who_must_have_one_stays(client: Client, alice: User, mallory: User) -> None:
    last = Authenticator.objects.create(user=alice, type="webauthn", data={"name": "Passkey", "credential": {}})
    theirs = Authenticator.objects.create(user=mallory, type="webauthn", data={"name": "Passkey", "credential": {}})
    group = required_of(alice)
    client.force_login(alice)
    confirm(client, "alice")
    assert client.post(f"/accounts/2fa/passkeys/{last.pk}/remove/").headers["Location"] == PAGE
    assert client.post(f"/accounts/2fa/passkeys/{theirs.pk}/remove/").status_code == 404
    assert Authenticator.objects.count() == 2
    group.user_set.remove(alice)
    client.post(f"/accounts/2fa/passkeys/{last.pk}/remove/")
    assert Authenticator.objects.get() == theirs


@pytest.mark.parametrize(
    ("language", "removed", "added"),
    [("en", "Passkey removed.", "Passkey added."), ("zh-hans", "已移除通行密钥。", "已添加通行密钥。")],
)
def test_a_passkey_has_one_name(client: Client, alice: User, language: str, removed: str, added: str) -> None:
    passkey = Authenticator.objects.create(user=alice, type="webauthn", data={"name": "Desk", "credential": {}})
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    client.force_login(alice)
    confirm(client, "alice")
    html = client.post(f"/accounts/2fa/passkeys/{passkey.pk}/remove/", follow=True).content.decode()
    assert removed in html
    assert not any(name in html.lower() for name in ("security key", "安全密钥"))
    with translation.override(language):
        assert render_to_string("mfa/messages/webauthn_added.txt").strip() == added


def test_no_key_is_made_before(alice: User) -> None:
    required_of(alice)
    with pytest.raises(api_keys.KeyRefused, match="second_factor"):
        api_keys.create(alice, "Nightly", scopes=["chat"])


@pytest.mark.parametrize(("asks", "of"), [("groups", []), ("staff", ["grace"]), ("everyone", ["alice", "grace"])])
def test_the_setting_says_of_whom(alice: User, grace: User, asks: str, of: list[str]) -> None:
    with override_settings(SECOND_FACTOR=asks):
        assert [person.username for person in (alice, grace) if second_factor.is_due(person)] == of
        due = second_factor.due_among([alice.pk, grace.pk])
        assert due == {person.pk for person in (alice, grace) if person.username in of}


def test_a_site_without_such_groups_pays_nothing(
    alice: User, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_factor, "KNOWN_FOR_S", 1e9)
    second_factor._known.clear()
    assert not second_factor.must(alice)
    with django_assert_num_queries(0):
        assert not second_factor.is_due(alice)
        assert not second_factor.due_among([alice.pk])


def test_a_groups_page_switches_it(client: Client, alice: User, grace: User) -> None:
    client.force_login(grace)
    group = Group.objects.create(name="Team")
    page = f"/admin/auth/group/{group.pk}/change/"
    assert client.post(page, {"name": "Team", "second_factor": "on"}).status_code == 302
    assert RequiredSecondFactor.objects.filter(group=group).exists()
    entry = Entry.objects.get(action="group.changed")
    assert entry.details["second_factor"] == {"old": False, "new": True}
    assert client.get(page).context["adminform"].form.initial["second_factor"] is True
    client.post(page, {"name": "Team"})
    assert not RequiredSecondFactor.objects.exists()

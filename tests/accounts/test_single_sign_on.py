"""Signing in with the word of a real OpenID Connect provider."""

from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from accounts import invitations
from accounts.models import User
from audit.models import Entry
from limits import restraints
from tests.accounts.factors import confirm, set_up_app, sign_in
from tests.accounts.provider import LOGIN, Provider, provider, running

pytestmark = pytest.mark.django_db
__all__ = ["provider", "running"]


def who(client: Client) -> str:
    """Who is signed in."""
    pk = client.session.get("_auth_user_id")
    return User.objects.get(pk=pk).username if pk else ""


def test_a_verified_address_opens_the_account_that_has_it(client: Client, alice: User, provider: Provider) -> None:
    provider.knows("a-1", email="Alice@Example.org", email_verified=True, name="Somebody")
    assert provider.sign_in(client, "a-1", "/prompts/").headers["Location"] == "/prompts/"
    assert who(client) == "alice"
    assert Entry.objects.filter(action="sign_in.connected", subject_id=str(alice.pk)).count() == 1
    assert alice.check_password("alice's password"), "the password stays"
    User.objects.update(email="moved@example.org")
    again = Client()
    provider.sign_in(again, "a-1")
    assert who(again) == "alice", "then it is the subject that counts"


@pytest.mark.parametrize("verified", [False, None, "false", "true"])
def test_an_address_that_is_not_verified_opens_nothing(
    client: Client, alice: User, provider: Provider, settings: Any, verified: Any
) -> None:
    settings.OIDC_SIGN_UP = True
    claims = {} if verified is None else {"email_verified": verified}
    provider.knows("m-1", email="alice@example.org", **claims)
    answer = provider.sign_in(client, "m-1")
    assert "Accounts are made by an administrator" in answer.content.decode()
    assert (who(client), User.objects.count()) == ("", 1)


def test_who_typed_a_colleagues_address_on_an_open_invitation_gets_not_their_first_sign_in(
    client: Client, grace: User, provider: Provider
) -> None:
    """The account is the other's: a colleague who came into it would write where the other reads."""
    row, _secret = invitations.invite(by=grace)
    taken = invitations.accept(row, username="mallory", email="eve@example.org", password="mallory's password")
    provider.knows("e-1", email="eve@example.org", email_verified=True)
    answer = provider.sign_in(client, "e-1")
    assert "Accounts are made by an administrator" in answer.content.decode()
    assert (who(client), SocialAccount.objects.count()) == ("", 0)
    admin = Client()
    admin.force_login(grace)
    page = f"/admin/accounts/user/{taken.pk}/change/"
    said = {"username": "mallory", "email": "mallory@example.org", "is_active": "on", "role": ""}
    assert admin.post(page, said).status_code == 302
    provider.knows("m-2", email="mallory@example.org", email_verified=True)
    provider.sign_in(client, "m-2")
    assert who(client) == "mallory", "an administrator vouches for the address they give"
    client.logout()
    row, _secret = invitations.invite(by=grace, email="eve@example.org")
    invitations.accept(row, username="eve", email="", password="eve's password")
    provider.sign_in(client, "e-1")
    assert who(client) == "eve", "an invitation to the address vouches for it"


def test_it_may_be_taken_for_verified_where_the_setting_says_so(
    client: Client, alice: User, provider: Provider, settings: Any
) -> None:
    settings.OIDC_TRUST_EMAIL = True
    provider.knows("a-2", email="alice@example.org")
    provider.sign_in(client, "a-2")
    assert who(client) == "alice"


def test_a_stranger_gets_no_account_unless_the_setting_says_so(
    client: Client, provider: Provider, settings: Any
) -> None:
    provider.knows("n-1", email="new@example.org", email_verified=True, preferred_username="newcomer", name="New Comer")
    provider.sign_in(client, "n-1")
    assert not User.objects.exists()
    settings.OIDC_SIGN_UP = True
    provider.sign_in(client, "n-1")
    person = User.objects.get()
    assert (who(client), person.email, person.get_full_name()) == ("newcomer", "new@example.org", "New Comer")
    assert not person.has_usable_password()
    assert (person.is_staff, person.is_superuser) == (False, False)
    assert Entry.objects.filter(action="person.signed_up").count() == 1


def test_a_name_that_is_taken_gets_another(client: Client, alice: User, provider: Provider, settings: Any) -> None:
    settings.OIDC_SIGN_UP = True
    provider.knows("n-2", email="other@example.org", email_verified=True, preferred_username="ALICE")
    provider.sign_in(client, "n-2")
    assert who(client).lower() not in {"", "alice"}


def test_the_second_factor_is_asked_for_all_the_same(alice: User, provider: Provider) -> None:
    first = Client()
    sign_in(first, "alice")
    confirm(first, "alice")
    set_up_app(first)
    provider.knows("a-3", email="alice@example.org", email_verified=True)
    client = Client()
    assert provider.sign_in(client, "a-3").headers["Location"] == "/accounts/2fa/authenticate/"
    assert who(client) == ""


def test_who_is_suspended_or_switched_off_stays_outside(client: Client, alice: User, provider: Provider) -> None:
    provider.knows("a-4", email="alice@example.org", email_verified=True)
    restraints.suspend(alice, None, "")
    assert provider.sign_in(client, "a-4").headers["Location"] == "/accounts/suspended/"
    restraints.lift(alice)
    User.objects.update(is_active=False)
    assert provider.sign_in(client, "a-4").headers["Location"] == "/accounts/inactive/"
    assert who(client) == ""


def test_an_answer_that_was_not_asked_for_signs_nobody_in(client: Client, alice: User, provider: Provider) -> None:
    """The answer of another browser's question: a stranger's session put into a victim's browser."""
    provider.knows("a-5", email="alice@example.org", email_verified=True)
    answer = provider.answer(Client(), "a-5")
    assert "Signing in did not work" in client.get(answer).content.decode()
    assert client.get("/accounts/oidc/oidc/login/callback/?code=1&state=2").status_code == 401
    assert who(client) == ""


def test_an_answer_works_once(client: Client, alice: User, provider: Provider) -> None:
    provider.knows("a-6", email="alice@example.org", email_verified=True)
    answer = provider.answer(client, "a-6")
    client.get(answer)
    client.logout()
    client.get(answer)
    assert who(client) == ""


def test_a_link_from_elsewhere_begins_nothing(client: Client, provider: Provider) -> None:
    assert client.get(LOGIN).status_code == 200
    assert Client(enforce_csrf_checks=True).post(LOGIN).status_code == 403


def test_it_leads_back_to_this_site_only(client: Client, alice: User, provider: Provider) -> None:
    provider.knows("a-7", email="alice@example.org", email_verified=True)
    assert provider.sign_in(client, "a-7", "https://evil.example/").headers["Location"] == "/"


def test_nobody_ties_their_identity_there_to_an_account_here(client: Client, mallory: User, provider: Provider) -> None:
    client.force_login(mallory)
    provider.knows("x-1", email="other@example.org", email_verified=True)
    there = client.post(f"{LOGIN}?process=connect").headers["Location"]
    assert there.startswith(provider.issuer)
    import httpx  # noqa: PLC0415

    back = httpx.post(there, data={"sub": "x-1"}).headers["location"]
    client.get(back.partition("testserver")[2])
    assert not SocialAccount.objects.exists()


def test_the_sign_in_page_offers_it_where_there_is_one(client: Client, provider: Provider, settings: Any) -> None:
    assert "Single sign-on" in client.get("/accounts/login/").content.decode()
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}}
    assert "Single sign-on" not in client.get("/accounts/login/").content.decode()
    assert client.post(LOGIN).status_code == 404


def test_a_provider_that_is_away_is_said(client: Client, settings: Any, provider: Provider) -> None:
    app = {**settings.OIDC, "settings": {"server_url": "http://127.0.0.1:9"}}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    assert "Signing in did not work" in client.post(LOGIN).content.decode()

"""Invitations: by letter or link, into a group, once, until they end."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import invitations
from accounts.models import Invitation, User
from audit.models import Entry
from console.roles import Role, give
from tests.accounts.post import link, work_off
from tests.races import at_once

JOIN = "/accounts/join/"
NEW = {"username": "dora", "email": "dora@example.org", "password1": "a better word 4", "password2": "a better word 4"}
INVITE = "/admin/accounts/invitation/invite/"

pytestmark = pytest.mark.django_db


def opened(secret: str) -> Client:
    """A browser that followed the link."""
    client = Client()
    assert client.get(f"/accounts/invitations/{secret}/").headers["Location"] == JOIN
    return client


def problems(answer: Any) -> str:
    return " ".join(str(error) for errors in answer.context["form"].errors.values() for error in errors)


def test_an_open_link_makes_an_account_and_signs_in(grace: User) -> None:
    team = Group.objects.create(name="Team")
    _row, secret = invitations.invite(by=grace, group=team)
    client = opened(secret)
    assert client.post(JOIN, NEW).headers["Location"] == "/"
    person = User.objects.get(username="dora")
    assert client.session["_auth_user_id"] == str(person.pk)
    assert (person.email, list(person.groups.all())) == ("dora@example.org", [team])
    assert (person.is_staff, person.is_superuser) == (False, False)
    assert Invitation.objects.get().accepted_by == person


def test_one_for_an_address_is_for_that_address(grace: User) -> None:
    _row, secret = invitations.invite(by=grace, email="eve@example.org")
    client = opened(secret)
    assert 'name="email"' not in client.get(JOIN).content.decode()
    client.post(JOIN, NEW)
    assert User.objects.get(username="dora").email == "eve@example.org"


def test_nobody_gives_themselves_more_than_an_account(grace: User) -> None:
    _row, secret = invitations.invite(by=grace)
    more = {"is_staff": "on", "is_superuser": "on", "groups": "1", "role": "owner", "session_generation": "7"}
    opened(secret).post(JOIN, NEW | more)
    person = User.objects.get(username="dora")
    assert (person.is_staff, person.is_superuser, person.groups.count(), person.session_generation) == (
        False,
        False,
        0,
        0,
    )


def accepted(row: Invitation) -> None:
    invitations.accept(row, username="first", email="first@example.org", password="x")


def revoked(row: Invitation) -> None:
    invitations.revoke(Invitation.objects.all(), by=User.objects.get(username="grace"))


def expired(row: Invitation) -> None:
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("event", [accepted, revoked, expired])
def test_once_it_is_over_it_makes_nothing(grace: User, event: Any) -> None:
    row, secret = invitations.invite(by=grace)
    before = opened(secret)
    event(row)
    for client in (before, opened(secret)):
        answer = client.post(JOIN, NEW)
        assert (answer.status_code, "This invitation is over" in answer.content.decode()) == (404, True)
    assert not User.objects.filter(username="dora").exists()
    row.refresh_from_db()
    assert row.is_over


def test_a_secret_that_is_none_opens_nothing(client: Client) -> None:
    for secret in ("x", "a" * 43):
        client.get(f"/accounts/invitations/{secret}/")
        assert client.post(JOIN, NEW).status_code == 404
    assert client.get(JOIN).status_code == 404


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"username": "GRACE"}, "name is taken"),
        ({"email": "Grace@example.org"}, "account with this address already"),
        ({"password2": "another"}, "not the same"),
        ({"password1": "12345678", "password2": "12345678"}, "too common"),
        ({"password1": "dora@example.org", "password2": "dora@example.org"}, "similar"),
        ({"username": "<b>"}, "valid username"),
        ({"email": "x"}, "valid email"),
    ],
)
def test_what_is_wrong_is_said_and_the_invitation_stays(grace: User, said: dict[str, str], problem: str) -> None:
    row, secret = invitations.invite(by=grace)
    answer = opened(secret).post(JOIN, NEW | said)
    assert answer.status_code == 422
    assert problem in problems(answer)
    row.refresh_from_db()
    assert not row.is_over


def test_who_loses_the_race_for_a_name_is_told_so(grace: User, monkeypatch: pytest.MonkeyPatch) -> None:
    row, secret = invitations.invite(by=grace)
    client = opened(secret)
    accept = invitations.accept

    def late(*args: Any, **said: Any) -> User:
        User.objects.create_user("Dora", "other@example.org")
        return accept(*args, **said)

    monkeypatch.setattr(invitations, "accept", late)
    answer = client.post(JOIN, NEW)
    assert answer.status_code == 422
    assert "name is taken" in problems(answer)
    row.refresh_from_db()
    assert not row.is_over


def test_who_is_signed_in_is_told_so(alice: User, grace: User) -> None:
    row, secret = invitations.invite(by=grace)
    client = opened(secret)
    client.force_login(alice)
    client.get(f"/accounts/invitations/{secret}/")
    assert "You have an account already" in client.post(JOIN, NEW).content.decode()
    row.refresh_from_db()
    assert not row.is_over


def test_the_secret_is_kept_nowhere(grace: User) -> None:
    row, secret = invitations.invite(by=grace)
    kept = str(Invitation.objects.filter(pk=row.pk).values()) + str(list(Entry.objects.values()))
    assert secret not in kept


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_gets_the_account(grace: User) -> None:
    row, _secret = invitations.invite(by=grace)

    def go(name: str) -> str:
        try:
            return invitations.accept(row, username=name, email=f"{name}@example.org", password="x").username
        except invitations.InvitationOverError:
            return "over"

    found = at_once(*(partial(go, f"person-{number}") for number in range(6)))
    assert found.count("over") == 5, found
    assert User.objects.exclude(pk=grace.pk).count() == 1


# --- In the console ---------------------------------------------------------------------------------------------------


@pytest.fixture
def admin(client: Client, grace: User) -> Client:
    client.force_login(grace)
    return client


def test_an_administrator_gets_a_link_to_pass_on(admin: Client) -> None:
    team = Group.objects.create(name="Team")
    html = admin.post(INVITE, {"email": "", "group": team.pk, "days": "30"}).content.decode()
    found = re.search(r"<code[^>]*>http://testserver(\S+?)</code>", html)
    assert found
    row = Invitation.objects.get()
    assert (row.group, row.expires_at > timezone.now() + timedelta(days=29)) == (team, True)
    assert (
        found[1].rpartition("/invitations/")[2].strip("/")
        not in admin.get("/admin/accounts/invitation/").content.decode()
    )
    stranger = Client()
    stranger.get(found[1])
    stranger.post(JOIN, NEW)
    assert User.objects.get(username="dora").groups.get() == team
    assert "accepted" in admin.get("/admin/accounts/invitation/").content.decode()


def test_with_a_mail_server_the_link_goes_to_the_address_only(
    admin: Client, settings: Any, empty_redis: redis.Redis
) -> None:
    settings.EMAIL_URL, settings.EMAIL_BACKEND = "smtp://there", "django.core.mail.backends.locmem.EmailBackend"
    answer = admin.post(INVITE, {"email": "eve@example.org", "days": "7"}, follow=True)
    assert "An e-mail is on its way to eve@example.org." in answer.content.decode()
    work_off(empty_redis)
    assert mail.outbox[-1].to == ["eve@example.org"]
    assert "grace invites you" in str(mail.outbox[-1].body)
    assert Client().get(link()).headers["Location"] == JOIN


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"email": "Grace@Example.org", "days": "7"}, "already"),
        ({"email": "", "days": "8"}, "valid choice"),
        ({"email": "", "days": "7", "group": "role"}, "valid choice"),
    ],
)
def test_what_cannot_be_is_said(admin: Client, grace: User, said: dict[str, str], problem: str) -> None:
    if said.get("group") == "role":
        said = said | {"group": str(Group.objects.get(name="role:admin").pk)}
    assert problem in problems(admin.post(INVITE, said))
    assert not Invitation.objects.exists()


def test_they_are_revoked_in_the_list(admin: Client, grace: User) -> None:
    rows = [invitations.invite(by=grace)[0] for _ in range(2)]
    act = {"action": "revoke", "_selected_action": [row.pk for row in rows]}
    answer = admin.post("/admin/accounts/invitation/", act, follow=True)
    assert "2 invitations were revoked." in answer.content.decode()
    assert all(row.is_over for row in Invitation.objects.all())
    assert Entry.objects.filter(action="invitation.revoked").count() == 2


@pytest.mark.parametrize(("state", "found"), [("open", 1), ("accepted", 1), ("revoked", 1), ("expired", 1), ("x", 4)])
def test_the_list_is_filtered_by_what_became_of_them(admin: Client, grace: User, state: str, found: int) -> None:
    rows = [invitations.invite(by=grace)[0] for _ in range(4)]
    accepted(rows[0])
    Invitation.objects.filter(pk=rows[1].pk).update(revoked_at=timezone.now())
    Invitation.objects.filter(pk=rows[2].pk).update(expires_at=timezone.now())
    answer = admin.get(f"/admin/accounts/invitation/?state={state}", follow=True)
    assert answer.context["cl"].result_count == found


def test_an_administrator_makes_a_password_link(admin: Client, alice: User) -> None:
    page = f"/admin/accounts/user/{alice.pk}/password-link/"
    assert "http://testserver" not in admin.get(page).content.decode()
    html = admin.post(page).content.decode()
    found = re.search(r"<code[^>]*>http://testserver(\S+?)</code>", html)
    assert found
    stranger = Client()
    form = stranger.get(found[1]).headers["Location"]
    stranger.post(form, {"password1": "a better word 4", "password2": "a better word 4"})
    alice.refresh_from_db()
    assert alice.check_password("a better word 4")
    assert Entry.objects.filter(action="password.link_made", subject_id=str(alice.pk)).count() == 1


def test_an_administrator_removes_lost_second_factors(admin: Client, alice: User) -> None:
    from tests.accounts.factors import confirm, set_up_app, sign_in  # noqa: PLC0415

    hers = Client()
    sign_in(hers, "alice")
    confirm(hers, "alice")
    set_up_app(hers)
    admin.post(f"/admin/accounts/user/{alice.pk}/second-factor/")
    assert hers.get("/accounts/usage/").status_code == 302
    assert sign_in(Client(), "alice") == "/"


@pytest.mark.parametrize("page", ["password-link", "second-factor"])
def test_an_administrator_does_neither_to_an_owner(client: Client, bob: User, grace: User, page: str) -> None:
    give(bob, Role.ADMIN, by=grace)
    client.force_login(User.objects.get(pk=bob.pk))
    assert client.post(f"/admin/accounts/user/{grace.pk}/{page}/").status_code == 403

"""A person's page: their limits and where each comes from, what they used, and what restrains them."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from audit.models import Entry
from console.roles import Role, give
from limits import restraints
from limits.models import Policy, Restraint
from moderation.models import Incident
from tests.console.ledger import days_ago, used

pytestmark = pytest.mark.usefixtures("model")


@pytest.fixture
def admin(client: Client, grace: User) -> Client:
    client.force_login(grace)
    return client


def page(person: User, name: str = "overview") -> str:
    return f"/admin/accounts/user/{person.pk}/{name}/"


def sources(client: Client, person: User) -> dict[str, tuple[str, Any]]:
    """Of each limit its value in words, and the row it comes from."""
    return {one.field: (one.shown, one.source) for one in client.get(page(person)).context["limits"]}


def test_each_limit_says_which_row_it_comes_from(admin: Client, alice: User) -> None:
    team = Group.objects.create(name="team")
    alice.groups.add(team)
    default = Policy.objects.create(tokens_per_day=100, requests_per_minute=9, may_export=False)
    of_team = Policy.objects.create(group=team, tokens_per_month=5000, shared_pool=True, models=["scripted"])
    own = Policy.objects.create(user=alice, tokens_per_day=200)
    found = sources(admin, alice)
    assert found["tokens_per_day"] == ("200", own)
    assert found["tokens_per_month"] == ("5,000", of_team)
    assert found["models"] == ("scripted", of_team)
    assert (found["requests_per_minute"], found["may_export"]) == (("9", default), ("no", default))
    assert found["may_share"] == ("yes", None)
    html = admin.get(page(alice)).content.decode()
    assert f'href="/admin/limits/policy/{own.pk}/change/"' in html
    assert "the site's settings" in html
    assert ">shared<" in html
    assert f'href="/admin/limits/policy/add/?user={alice.pk}"' in html.replace("&amp;", "&")


def test_usage_quota_and_incidents_are_there(admin: Client, alice: User, bob: User) -> None:
    Policy.objects.create(tokens_per_day=1000)
    used(alice, 100, 50)
    used(alice, 300, 300, day=days_ago(3))
    used(bob, 7000, 7000)
    Incident.objects.create(user=alice, user_name="alice", where="prompt", rule=1, message=uuid4())
    shown = admin.get(page(alice))
    figures = {figure.label: (figure.value, figure.note) for figure in shown.context["figures"]}
    assert figures["Tokens today"] == ("150", "850 of 1000 left")
    assert figures["Tokens this month"][1] == "no limit"
    words = [bar.words for bar in shown.context["chart"].bars]
    assert [word.rpartition(" ")[2] for word in words] == ["600", "150", "300", "50"]  # messages and replies, behind


def test_a_person_is_slowed_with_a_reason_and_an_end(admin: Client, alice: User, grace: User) -> None:
    assert admin.get(page(alice, "restrain")).status_code == 200
    assert not Restraint.objects.exists()
    answer = admin.post(page(alice, "restrain"), {"kind": "slow", "hours": "168", "reason": "Scripts"}, follow=True)
    assert "is restrained from now on" in answer.content.decode()
    row = Restraint.objects.get()
    assert (row.user, row.kind, row.reason, row.by) == (alice, "slow", "Scripts", grace)
    html = admin.get(page(alice)).content.decode()
    assert 'data-state="slow"' in html
    assert "Scripts" in html
    entry = Entry.objects.get(action="person.slowed")
    assert (entry.actor_name, entry.subject_name) == ("grace", "alice")


@pytest.mark.parametrize(
    "form",
    [
        {"kind": "slow", "hours": "1", "reason": ""},
        {"kind": "banish", "hours": "1", "reason": "x"},
        {"kind": "slow", "hours": "-5", "reason": "x"},
        {"kind": "slow", "hours": "1", "reason": "x" * 501},
    ],
)
def test_what_cannot_be_meant_restrains_nobody(admin: Client, alice: User, form: dict[str, str]) -> None:
    answer = admin.post(page(alice, "restrain"), form)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not Restraint.objects.exists()


def test_lifting_is_asked_first(admin: Client, alice: User, grace: User) -> None:
    restraints.suspend(alice, None, "Insults", grace)
    assert "Insults" in admin.get(page(alice, "lift")).content.decode()
    assert restraints.now_on(alice.pk)
    answer = admin.post(page(alice, "lift"), follow=True)
    assert "1 restraint was lifted." in answer.content.decode()
    assert restraints.now_on(alice.pk) == []
    assert Entry.objects.filter(action="person.restored", actor_name="grace").count() == 1


def test_the_forms_need_their_own_pages(grace: User, alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(grace)
    for name in ("restrain", "lift"):
        assert client.post(page(alice, name), {"kind": "slow", "reason": "x"}).status_code == 403


@pytest.mark.parametrize("name", ["overview", "restrain", "lift"])
def test_strangers_members_and_moderators_are_refused(
    client: Client, alice: User, bob: User, mallory: User, name: str
) -> None:
    assert "/accounts/login/" in client.get(page(bob, name), follow=True).request["PATH_INFO"]
    give(mallory, Role.MODERATOR, by=None)
    for person in (alice, User.objects.get(pk=mallory.pk)):
        client.force_login(person)
        assert client.get(page(bob, name), follow=True).status_code == 403
        assert client.post(page(bob, name), {"kind": "slow", "reason": "x"}, follow=True).status_code in {403, 405}
    assert not Restraint.objects.exists()


def test_an_auditor_reads_and_restrains_nobody(client: Client, alice: User, bob: User) -> None:
    give(alice, Role.AUDITOR, by=None)
    client.force_login(User.objects.get(pk=alice.pk))
    html = client.get(page(bob)).content.decode()
    assert "What they may do" in html
    assert "Slow or suspend" not in html
    assert client.post(page(bob, "restrain"), {"kind": "slow", "reason": "x"}).status_code == 403


def test_an_administrator_restrains_members_but_no_owner(client: Client, alice: User, bob: User, grace: User) -> None:
    give(alice, Role.ADMIN, by=None)
    client.force_login(User.objects.get(pk=alice.pk))
    form = {"kind": "suspend", "hours": "", "reason": "x"}
    assert client.post(page(grace, "restrain"), form).status_code == 403
    assert client.post(page(bob, "restrain"), form).status_code == 302
    assert [row.user for row in Restraint.objects.all()] == [bob]


def test_nobody_s_page_is_not_found(admin: Client) -> None:
    for name in ("overview", "restrain", "lift"):
        assert admin.get(f"/admin/accounts/user/987654/{name}/").status_code == 404


def test_all_restraints_are_listed_and_not_changed_there(admin: Client, alice: User, bob: User, grace: User) -> None:
    restraints.slow(alice, None, "Scripts", grace)
    restraints.suspend(bob, None, "Insults", grace)
    restraints.lift(bob, grace)
    rows = "/admin/limits/restraint/"
    listed = {asked: admin.get(rows, {"holds": asked}).content.decode() for asked in ("now", "over", "")}
    assert ("Scripts" in listed["now"], "Insults" in listed["now"]) == (True, False)
    assert ("Scripts" in listed["over"], "Insults" in listed["over"]) == (False, True)
    assert "Scripts" in listed[""]
    assert "Insults" in listed[""]
    pk = Restraint.objects.first().pk  # type: ignore[union-attr]
    assert admin.get(f"{rows}add/").status_code == 403
    assert admin.post(f"{rows}{pk}/change/", {"kind": "slow"}).status_code == 403
    assert admin.post(f"{rows}{pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_group_s_page_shows_members_policies_and_what_they_used(admin: Client, alice: User, bob: User) -> None:
    team = Group.objects.create(name="team")
    team.user_set.add(alice, bob)
    Policy.objects.create(group=team, tokens_per_day=1000, shared_pool=True)
    used(alice, 100, 50, pool_day=team)
    listed = admin.get("/admin/auth/group/").content.decode()
    assert "1,000 tokens a day; shared by the members of the group" in listed
    assert "role:admin" not in listed
    shown = admin.get(f"/admin/auth/group/{team.pk}/change/")
    figures = {figure.label: figure.value for figure in shown.context["figures"]}
    assert (figures["Members"], figures["Tokens this month"], figures["Shared pool today"]) == ("2", "150", "150")
    html = shown.content.decode()
    assert "850 of 1000 left, shared" in html
    assert page(alice) in html
    assert page(bob) in html
    assert f"/admin/limits/policy/add/?group={team.pk}" in html


def test_a_group_is_made_and_its_making_is_audited(admin: Client) -> None:
    assert admin.post("/admin/auth/group/add/", {"name": "sales"}).status_code == 302
    assert Entry.objects.filter(action="group.created", subject_name="sales").exists()

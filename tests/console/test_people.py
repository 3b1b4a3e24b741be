"""People in the admin: the list knows what each used and has left, and several are acted on at once."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audit.models import Entry
from console.people_list import known_of
from console.roles import Role, give, role_of
from limits import restraints
from limits.models import Policy, Restraint
from tests.console.ledger import days_ago, used
from tests.conversations.talk import say

PAGE = "/admin/accounts/user/"
CountQueries = Callable[[int], AbstractContextManager[None]]

pytestmark = pytest.mark.usefixtures("model")


@pytest.fixture
def admin(client: Client, grace: User) -> Client:
    client.force_login(grace)
    return client


@pytest.fixture
def team(alice: User) -> Group:
    """A team with a pool, which only Alice is in yet."""
    team = Group.objects.create(name="team")
    alice.groups.add(team)
    Policy.objects.create(group=team, tokens_per_day=1000, shared_pool=True)
    return team


def names(client: Client, **asked: Any) -> list[str]:
    return [person.username for person in client.get(PAGE, asked).context["cl"].result_list]


def act(client: Client, action: str, *people: User, **more: Any) -> Any:
    ticked = {"action": action, "_selected_action": [person.pk for person in people], **more}
    return client.post(PAGE, ticked, follow=True)


# --- The list ---------------------------------------------------------------------------------------------------------


def test_people_are_called_people(admin: Client, alice: User) -> None:
    page = admin.get(PAGE).content.decode()
    assert "Add person" in page
    assert "2 people" in page
    assert "Add user" not in page
    form = admin.get(f"{PAGE}add/").content.decode()
    assert "Role and groups come on the next page." in form
    assert "user options" not in form
    assert "2 用户" in admin.get(PAGE, headers={"Accept-Language": "zh-hans"}).content.decode()


def test_each_row_says_what_was_used_and_what_is_left(alice: User, bob: User, team: Group) -> None:
    Policy.objects.create(tokens_per_month=5000)
    used(alice, 100, 50, pool_day=team)
    used(bob, 10, 5, day=days_ago(0))
    found = known_of([alice, bob])
    mine, his = found[alice.pk], found[bob.pk]
    assert (mine.today, mine.month) == (150, 150)
    assert mine.quota_day
    assert (mine.quota_day.left, mine.quota_day.shared) == (850, True)
    assert his.quota_day is None
    assert his.quota_month
    assert (his.today, his.quota_month.left) == (15, 4985)


def test_a_suspension_is_shown_before_being_slowed(alice: User, grace: User) -> None:
    restraints.suspend(alice, None, "", grace)
    restraints.slow(alice, None, "", grace)
    restraint = known_of([alice])[alice.pk].restraint
    assert restraint
    assert restraint.kind == Restraint.Kind.SUSPEND
    restraints.lift(alice, grace)
    assert known_of([alice])[alice.pk].restraint is None


def test_the_page_shows_it(admin: Client, alice: User, bob: User, team: Group, grace: User) -> None:
    used(alice, 600, 300, pool_day=team)
    restraints.slow(bob, None, "", grace)
    User.objects.filter(pk=bob.pk).update(last_login=None)
    give(bob, Role.AUDITOR, by=None)
    page = admin.get(PAGE).content.decode()
    assert '<span class="figure">900</span> <small>100 left</small>' in page
    assert 'data-state="slow"' in page
    assert ">auditor<" in page
    assert ">team<" in page
    assert ">never<" in page
    assert f'href="{PAGE}{alice.pk}/overview/"' in page


def test_messages_are_never_counted_and_queries_do_not_multiply(
    admin: Client, alice: User, django_assert_max_num_queries: CountQueries
) -> None:
    people = [User(username=f"person{number}", email=f"{number}@example.org") for number in range(40)]
    User.objects.bulk_create(people)
    say(alice)
    with django_assert_max_num_queries(25 + 13) as seen:  # one for each row's limits, and those of the page
        assert len(names(admin)) == 25
    assert not [query for query in seen.captured_queries if "conversations_" in query["sql"]]  # type: ignore[attr-defined]


def test_filters_narrow_it(admin: Client, alice: User, bob: User, mallory: User, team: Group) -> None:
    give(bob, Role.MODERATOR, by=None)
    restraints.suspend(mallory, None, "")
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert names(admin, role="owner") == ["grace"]
    assert names(admin, role="moderator") == ["bob"]
    assert names(admin, role="member") == ["alice", "mallory"]
    assert names(admin, group=team.pk) == ["alice"]
    assert names(admin, state="restrained") == ["mallory"]
    assert names(admin, state="out") == ["alice"]
    assert names(admin, state="free") == ["bob", "grace"]
    assert names(admin, q="MALLORY@") == ["mallory"]


# --- Several at once --------------------------------------------------------------------------------------------------


def test_several_are_added_to_a_group(admin: Client, alice: User, bob: User, team: Group) -> None:
    act(admin, "add_to_group", alice, bob, group=team.pk)
    assert set(team.user_set.all()) == {alice, bob}
    entries = Entry.objects.filter(action="person.changed", details={"added_to": "team"})
    assert set(entries.values_list("subject_name", flat=True)) == {"alice", "bob"}


def test_without_a_group_nobody_is_added(admin: Client, bob: User, team: Group) -> None:
    assert "Choose a group" in act(admin, "add_to_group", bob).content.decode()
    assert not bob.groups.exists()


def test_a_role_s_group_is_no_group_to_add_people_to(admin: Client, bob: User) -> None:
    act(admin, "add_to_group", bob, group=Group.objects.get(name="role:admin").pk)
    assert role_of(bob) is None


def test_several_are_suspended_once_it_is_said_why(admin: Client, alice: User, bob: User, grace: User) -> None:
    asked = act(admin, "restrain", alice, bob).content.decode()
    assert "Slow or suspend several people" in asked
    assert not Restraint.objects.exists()
    without = act(admin, "restrain", alice, bob, confirmed="yes", kind="suspend", hours="24", reason="")
    assert "This field is required" in without.content.decode()
    assert not Restraint.objects.exists()
    act(admin, "restrain", alice, bob, confirmed="yes", kind="suspend", hours="24", reason="They share one account.")
    rows = list(Restraint.objects.all())
    assert {row.user for row in rows} == {alice, bob}
    assert {(row.kind, row.by, row.reason) for row in rows} == {("suspend", grace, "They share one account.")}
    assert all(row.until and timedelta(hours=23) < row.until - timezone.now() <= timedelta(hours=24) for row in rows)


def test_several_may_sign_in_again(admin: Client, alice: User, bob: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    act(admin, "activate", alice, bob)
    alice.refresh_from_db()
    assert alice.is_active
    assert list(Entry.objects.filter(action="person.activated").values_list("subject_name", flat=True)) == ["alice"]


def test_all_of_them_are_changed_before_the_audit_log_is_held(admin: Client, alice: User, bob: User) -> None:
    """Who holds it and then waits for a person waits for another administrator, who waits for the log."""
    User.objects.filter(pk__in=[alice.pk, bob.pk]).update(is_active=False)
    with CaptureQueriesContext(connection) as answered:
        act(admin, "activate", alice, bob)
    said = [one["sql"] for one in answered]
    changed = [number for number, sql in enumerate(said) if sql.startswith('UPDATE "accounts_user"')]
    assert len(changed) == 2
    assert max(changed) < next(number for number, sql in enumerate(said) if "audit_entry" in sql)


@pytest.mark.parametrize("action", ["add_to_group", "restrain", "activate"])
def test_an_administrator_does_nothing_to_an_owner(
    client: Client, alice: User, bob: User, grace: User, action: str
) -> None:
    team = Group.objects.create(name="team")
    give(alice, Role.ADMIN, by=None)
    client.force_login(User.objects.get(pk=alice.pk))
    more = {"group": team.pk, "confirmed": "yes", "kind": "suspend", "hours": "", "reason": "x"}
    assert act(client, action, bob, grace, **more).status_code == 403
    assert not Restraint.objects.exists()
    assert not bob.groups.exists()
    assert act(client, action, bob, **more).status_code == 200  # the premise: without the owner it works


def test_an_auditor_looks_and_acts_on_nobody(client: Client, alice: User, bob: User, team: Group) -> None:
    give(alice, Role.AUDITOR, by=None)
    client.force_login(User.objects.get(pk=alice.pk))
    assert "bob" in names(client)
    more = {"group": team.pk, "confirmed": "yes", "kind": "suspend", "hours": "", "reason": "x"}
    for action in ("add_to_group", "restrain", "activate"):
        act(client, action, bob, **more)
    assert not Restraint.objects.exists()
    assert not bob.groups.exists()

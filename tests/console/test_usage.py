"""The usage page: what was used, by whom, over any period, as a page and as a file."""

import csv
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from audit.models import Entry
from console.roles import Role, give
from console.usage import MOST_BARS, UsageForm, usage_chart
from limits.reports import By
from tests.console.ledger import days_ago, today, used

PAGE = "/admin/usage/"

pytestmark = pytest.mark.usefixtures("model")


@pytest.fixture
def team(alice: User, bob: User) -> Group:
    """Alice and Bob, of whom Bob used more."""
    group = Group.objects.create(name="team")
    group.user_set.add(alice, bob)
    used(alice, 100, 50)
    used(bob, 400, 200, model="smollm2-135m", day=days_ago(3))
    used(bob, 4, 2, day=days_ago(40))
    return group


@pytest.fixture
def auditor(client: Client, mallory: User) -> Client:
    """Who may look at all of it and change nothing."""
    give(mallory, Role.AUDITOR, by=None)
    client.force_login(User.objects.get(pk=mallory.pk))
    return client


def rows(auditor: Client, **asked: Any) -> list[tuple[str, int]]:
    page = auditor.get(PAGE, asked)
    return [(row.name, row.charged) for row, _url in page.context["rows"]]


def test_people_of_the_last_30_days_come_first(auditor: Client, team: Group) -> None:
    assert rows(auditor) == [("bob", 600), ("alice", 150)]


def test_it_goes_by_group_model_and_day(auditor: Client, team: Group) -> None:
    assert rows(auditor, by="group") == [("team", 750)]
    assert rows(auditor, by="model") == [("smollm2-135m", 600), ("scripted", 150)]
    page = auditor.get(PAGE, {"by": "model"}).content.decode()
    assert '<span class="help">scripted</span>' in page, "what people read for it, and the name to ask for"
    assert '<th scope="row">smollm2-135m</th>' in page.replace("\n", ""), "the catalog has it no more"
    by_day = dict(rows(auditor, by="day"))
    assert len(by_day) == 30
    assert (by_day[str(today())], by_day[str(days_ago(3))], by_day[str(days_ago(1))]) == (150, 600, 0)


def test_a_period_and_a_person_narrow_it(auditor: Client, team: Group) -> None:
    assert rows(auditor, since=days_ago(50), until=days_ago(10)) == [("bob", 6)]
    assert rows(auditor, person="Bob") == [("bob", 600)]
    assert rows(auditor, group=team.pk, model="scripted") == [("alice", 150)]
    whole = auditor.get(PAGE, {"person": "bob", "since": str(days_ago(50))}).context["whole"]
    assert (whole.replies, whole.prompt_tokens, whole.completion_tokens, whole.charged) == (2, 404, 202, 606)


@pytest.mark.parametrize(
    ("asked", "beside"),
    [
        ({"since": "2026-02-30"}, "since"),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "until"),
        ({"since": "2020-01-01", "until": "2026-03-01"}, "since"),
        ({"by": "everything"}, "by"),
        ({"person": "nobody"}, "person"),
        ({"group": "999"}, "group"),
        ({"until": "9999-12-31", "since": "9999-12-31", "model": "x" * 101}, "model"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_its_field(auditor: Client, asked: dict[str, str], beside: str) -> None:
    page = auditor.get(PAGE, asked)
    assert page.status_code == 200
    assert list(page.context["form"].errors) == [beside]
    assert "rows" not in page.context
    answer = auditor.get(f"{PAGE}csv/", asked)
    assert answer.status_code == 400
    assert beside in answer.content.decode()


def test_the_file_has_what_the_page_has(auditor: Client, team: Group) -> None:
    answer = auditor.get(f"{PAGE}csv/", {"by": "person"})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f"usage-by-person-{days_ago(29)}-{today()}.csv" in answer.headers["Content-Disposition"]
    lines = list(csv.reader(answer.content.decode("utf-8-sig").splitlines()))
    assert lines[0] == ["person", "replies", "prompt tokens", "completion tokens", "tokens charged"]
    assert lines[1:] == [["bob", "1", "400", "200", "600"], ["alice", "1", "100", "50", "150"]]


def test_who_takes_a_file_away_is_in_the_audit_log(auditor: Client, team: Group) -> None:
    auditor.get(PAGE)
    assert not Entry.objects.filter(action="usage.exported").exists()
    auditor.get(f"{PAGE}csv/", {"by": "model"})
    entry = Entry.objects.get(action="usage.exported")
    assert (entry.actor_name, entry.details["by"]) == ("mallory", "model")


def test_people_lead_to_their_pages(auditor: Client, team: Group, bob: User) -> None:
    page = auditor.get(PAGE).content.decode()
    assert f'href="/admin/accounts/user/{bob.pk}/overview/">bob</a>' in page


@pytest.mark.parametrize("page", [PAGE, f"{PAGE}csv/"])
def test_it_is_closed_to_those_who_may_not_view_usage(client: Client, alice: User, bob: User, page: str) -> None:
    give(bob, Role.MODERATOR, by=None)
    for person in (alice, User.objects.get(pk=bob.pk)):
        client.force_login(person)
        assert client.get(page, follow=True).status_code == 403


@pytest.mark.parametrize("days", [1, 30, 45, 46, 90, 366])
def test_a_long_period_is_drawn_in_few_bars_that_lose_nothing(alice: User, days: int) -> None:
    for ago in {0, days // 2, days - 1}:
        used(alice, 10, 7, day=days_ago(ago))
    form = UsageForm({"since": str(days_ago(days - 1)), "until": str(today()), "by": "day"})
    assert form.is_valid(), form.errors
    drawn = usage_chart(form.totals(By.DAY))
    assert 0 < len(drawn.bars) <= 2 * MOST_BARS
    assert len(form.totals()) == days
    assert all(bar.x + bar.width <= drawn.width for bar in drawn.bars)


def test_nothing_used_is_said_so(auditor: Client) -> None:
    page = auditor.get(PAGE, {"since": str(days_ago(5))}).content.decode()
    assert "Nothing was used." in page

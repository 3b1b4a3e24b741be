"""What was used, by person, group, model and day."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from limits.models import Usage
from limits.reports import By, Total, table, totals
from tests.limits.stories import group

pytestmark = pytest.mark.django_db

FIRST = date(2026, 3, 1)
LAST = FIRST + timedelta(days=4)


def ended(person: User | None, day: date, tokens: int, *, model: str = "small", **more: Any) -> Usage:
    fields = {"state": "settled", "outcome": "complete", "prompt_tokens": 1, "charged": tokens, **more}
    terms = {"charge_failed": False, "charge_blocked": True, "reserved": tokens}
    return Usage.objects.create(
        reply=uuid4(), user=person, day=day, model=model, completion_tokens=tokens - 1, **terms, **fields
    )


@pytest.fixture
def history(alice: User, bob: User, mallory: User) -> None:
    group("Research", alice, bob)
    group("Writing", alice)
    ended(alice, FIRST, 100)
    ended(alice, FIRST, 50, model="large")
    ended(alice, LAST, 30)
    ended(bob, LAST, 300)
    ended(mallory, LAST, 7, outcome="failed", charged=0)
    ended(None, LAST, 5)
    ended(alice, FIRST - timedelta(days=1), 1000)
    ended(alice, LAST + timedelta(days=1), 1000)
    ended(alice, FIRST, 1000, state="reserved", charged=0)
    ended(alice, FIRST, 1000, state="released", charged=0)


def charged(by: By, **only: Any) -> list[tuple[str, int]]:
    return [(row.name, row.charged) for row in totals(by, FIRST, LAST, **only)]


@pytest.mark.usefixtures("history")
def test_people_come_by_what_they_used(alice: User) -> None:
    assert charged(By.PERSON) == [("bob", 300), ("alice", 180), ("people who left", 5), ("mallory", 0)]
    [hers] = totals(By.PERSON, FIRST, LAST, user=alice.pk)
    assert hers == Total(alice.pk, "alice", replies=3, prompt_tokens=3, completion_tokens=177, charged=180)


@pytest.mark.usefixtures("history")
def test_a_member_of_two_groups_counts_in_both() -> None:
    assert charged(By.GROUP) == [("Research", 480), ("Writing", 180), ("in no group", 5)]
    assert [row.replies for row in totals(By.GROUP, FIRST, LAST)] == [4, 3, 2]


@pytest.mark.usefixtures("history")
def test_models_come_by_what_was_used() -> None:
    assert charged(By.MODEL) == [("small", 435), ("large", 50)]


@pytest.mark.usefixtures("history")
def test_days_come_in_order_and_none_is_left_out() -> None:
    days = charged(By.DAY)
    assert days == [
        ("2026-03-01", 150),
        ("2026-03-02", 0),
        ("2026-03-03", 0),
        ("2026-03-04", 0),
        ("2026-03-05", 335),
    ]
    assert [row.key for row in totals(By.DAY, FIRST, LAST)] == [FIRST + timedelta(days=number) for number in range(5)]


@pytest.mark.usefixtures("history")
def test_a_report_can_be_of_one_person_group_or_model_only(alice: User) -> None:
    team = alice.groups.get(name="Research")
    assert charged(By.MODEL, user=alice.pk) == [("small", 130), ("large", 50)]
    assert charged(By.PERSON, group=team.pk) == [("bob", 300), ("alice", 180)]
    assert charged(By.PERSON, model="large") == [("alice", 50)]
    assert charged(By.PERSON, user=alice.pk, model="none") == []
    assert sum(tokens for _, tokens in charged(By.DAY, group=team.pk)) == 480


def test_a_period_without_replies_is_empty(alice: User) -> None:
    assert [charged(by) for by in (By.PERSON, By.GROUP, By.MODEL)] == [[], [], []]
    assert [row.replies for row in totals(By.DAY, FIRST, FIRST)] == [0]


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(("by", "queries"), [(By.PERSON, 2), (By.GROUP, 3), (By.MODEL, 1), (By.DAY, 1)])
def test_it_takes_few_queries(by: By, queries: int, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(queries):
        totals(by, FIRST, LAST)


@pytest.mark.usefixtures("history")
def test_a_report_is_a_table_with_a_head() -> None:
    lines = list(table(By.PERSON, totals(By.PERSON, FIRST, LAST)))
    assert lines[:2] == [
        ["person", "replies", "prompt tokens", "completion tokens", "tokens charged"],
        ["bob", 1, 1, 299, 300],
    ]
    assert len(lines) == 5
    with translation.override("en"):
        assert next(iter(table(By.DAY, [])))[0] == "day"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_name_that_a_spreadsheet_would_run_is_text(name: str) -> None:
    """A person chooses their name, and an administrator opens the file."""
    assert list(table(By.PERSON, [Total(1, name)]))[1][0] == f"'{name}"
    assert list(table(By.PERSON, [Total(1, "a=1")]))[1][0] == "a=1"

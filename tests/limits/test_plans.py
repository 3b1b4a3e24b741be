"""Questions that are asked at every message, or of a long history, are answered from an index."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from limits import ledger, restraints
from limits.models import Policy, Restraint, Usage
from limits.policies import limits_of
from limits.reports import By, totals
from tests.limits.stories import policy, reserve

pytestmark = pytest.mark.django_db

PEOPLE = 200
ROWS = 20_000  # over a year
SINCE = date(2025, 1, 1)

NUMBERS = {
    "sqlite": "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {0} - 1)",
    "postgresql": "WITH numbers(n) AS (SELECT * FROM GENERATE_SERIES(0, {0} - 1))",
}
REPLY = {
    "sqlite": "PRINTF('%%032x', n)",
    "postgresql": "CAST(LPAD(TO_HEX(n), 32, '0') AS UUID)",
}
DAY = {
    "sqlite": "DATE('2025-01-01', '+' || (n / {each}) || ' days')",
    "postgresql": "DATE '2025-01-01' + n / {each}",
}


@pytest.fixture
def history(alice: User) -> User:
    """A year of replies of two hundred people, of whom some have policies of their own."""
    people = [User(username=f"person{number}", email=f"{number}@example.org") for number in range(PEOPLE - 1)]
    everyone = [alice, *User.objects.bulk_create(people)]
    teams = Group.objects.bulk_create([Group(name=f"Team {number}") for number in range(100)])
    of_people = [Policy(user=person, tokens_per_day=10**9) for person in everyone for _ in range(10)]
    Policy.objects.bulk_create(of_people + [Policy(group=team, output_tokens=100) for team in teams])
    Restraint.objects.bulk_create(
        [Restraint(user=person, kind="slow", lifted_at=timezone.now()) for person in everyone]
    )
    policy(requests_per_minute=1000)
    vendor, first = connection.vendor, min(person.pk for person in everyone)
    day = DAY[vendor].format(each=ROWS // 365)
    with connection.cursor() as cursor:
        cursor.execute(
            f"{NUMBERS[vendor].format(ROWS)} INSERT INTO limits_usage (reply, user_id, model, state, outcome, day,"  # noqa: S608
            " reserved_at, reserved, prompt_tokens, completion_tokens, charged, charge_failed, charge_blocked,"
            " pool_day_id)"
            f" SELECT {REPLY[vendor]}, {first} + n %% {PEOPLE}, 'model' || n %% 3, 'settled', 'complete', {day}, {day},"
            f" 100, 10, 20, 30, %s, %s, CASE WHEN n %% 50 = 0 THEN {teams[0].pk} END FROM numbers",
            [False, False],
        )
        cursor.execute("ANALYZE")
    assert Usage.objects.count() == ROWS
    return alice


@contextmanager
def plans() -> Iterator[list[str]]:
    """The plans of the SELECTs, and of the UPDATEs of the ledger, that run inside."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as asked:
        yield found
    explain = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}[connection.vendor]
    for query in asked.captured_queries:
        if query["sql"].startswith(("SELECT", "UPDATE")):
            with connection.cursor() as cursor:
                cursor.execute(explain + query["sql"].replace("%", "%%"), [])
                found.append("\n".join(str(row[-1]) for row in cursor.fetchall()))


def assert_not_read_through(found: list[str], *tables: str) -> None:
    assert found, "nothing was asked"
    for plan in found:
        for table in tables:
            assert f"Seq Scan on {table}" not in plan, plan
            assert not any(line.startswith(f"SCAN {table}") and "INDEX" not in line for line in plan.splitlines()), plan


def test_a_message_is_let_through_without_reading_a_table(history: User) -> None:
    Policy.objects.filter(user=history).update(valid_from=Now() - timedelta(hours=1))
    with plans() as found:
        assert limits_of(history.pk).tokens_per_day == 10**9
        reply, _ = reserve(history)
        with transaction.atomic():
            assert ledger.settle(reply, 10, 20, "complete")
        assert restraints.now_on(history.pk) == []
    assert any("limits_usage_rate" in plan for plan in found)
    assert_not_read_through(found, "limits_usage", "limits_policy", "limits_restraint", "one")


def test_a_report_of_a_period_reads_only_that_period(history: User) -> None:
    day = SINCE + timedelta(days=100)
    week, month = day + timedelta(days=6), day + timedelta(days=29)
    reports: dict[str, list[Callable[[], Any]]] = {
        "limits_usage_of_a_day": [partial(totals, by, day, week) for by in By],
        "limits_usage_of_a_person": [lambda: totals(By.DAY, day, month, user=history.pk)],
        "limits_usage_unsettled": [lambda: ledger.unsettled(timedelta(minutes=5))],
    }
    for index, asks in reports.items():
        for ask in asks:
            with plans() as found:
                ask()
            assert_not_read_through(found, "limits_usage")
            assert index in found[0] or (connection.vendor == "sqlite" and "limits_usage_of_a_person" in found[0])


def test_the_check_of_plans_sees_a_table_that_is_read_through(alice: User) -> None:
    with plans() as found:
        assert not Usage.objects.filter(charged=12345).count()
    with pytest.raises(AssertionError, match="limits_usage"):
        assert_not_read_through(found, "limits_usage")

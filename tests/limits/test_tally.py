"""Refusals are counted by day and reason, whoever refuses at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from limits import tally
from limits.models import Refusal

pytestmark = pytest.mark.django_db(transaction=True)


def counted(code: str) -> None:
    tally.count(code)
    connection.close()


def test_parallel_refusals_are_all_counted() -> None:
    codes = ["quota_day", "blocked"] * 20
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(counted, codes))
    today = datetime.now(UTC).date()
    assert set(Refusal.objects.values_list("day", "code", "messages")) == {
        (today, "quota_day", 20),
        (today, "blocked", 20),
    }


def test_days_are_summed_over_reasons_and_only_those_asked_for() -> None:
    today = datetime.now(UTC).date()
    for days_ago, code, messages in ((0, "blocked", 2), (0, "too_long", 3), (1, "blocked", 4), (9, "blocked", 5)):
        Refusal.objects.create(day=today - timedelta(days=days_ago), code=code, messages=messages)
    found = tally.by_day(today - timedelta(days=3), today)
    assert found == {today: 5, today - timedelta(days=1): 4}

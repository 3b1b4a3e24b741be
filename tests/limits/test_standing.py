"""What is left to a person, as their page says it."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from limits.fields import UNLIMITED
from limits.models import Policy
from limits.quotas import Quota
from limits.standing import standing, standing_of_pool
from tests.limits.stories import group, move_to, policy, release, reserve, used

pytestmark = pytest.mark.django_db


def numbers(quota: Quota | None) -> tuple[int, int, int, int, bool] | None:
    return (quota.limit, quota.used, quota.reserved, quota.left, quota.shared) if quota else None


def test_without_quotas_there_is_nothing_to_say(alice: User) -> None:
    used(alice, 50)
    assert (standing(alice.pk).day, standing(alice.pk).month) == (None, None)


def test_what_was_used_and_what_is_reserved_is_not_left(alice: User, bob: User) -> None:
    policy(tokens_per_day=1000, tokens_per_month=5000, output_tokens=90)
    assert numbers(standing(alice.pk).day) == (1000, 0, 0, 1000, False)
    used(alice, 50)
    reply, _ = reserve(alice, 10)
    used(bob, 500)
    assert numbers(standing(alice.pk).day) == (1000, 50, 100, 850, False)
    assert numbers(standing(alice.pk).month) == (5000, 50, 100, 4850, False)
    release(reply)
    assert numbers(standing(alice.pk).day) == (1000, 50, 0, 950, False)


def test_a_new_day_is_a_whole_one_again(alice: User) -> None:
    policy(tokens_per_day=1000)
    used(alice, 50)
    move_to(datetime.now(UTC).date() - timedelta(days=1))
    day = standing(alice.pk).day
    assert numbers(day) == (1000, 0, 0, 1000, False)
    assert day is not None
    assert timedelta() < day.resets_at - datetime.now(UTC) <= timedelta(days=1)


def test_less_than_nothing_is_never_left(alice: User) -> None:
    row = policy(tokens_per_day=1000)
    used(alice, 500)
    Policy.objects.filter(pk=row.pk).update(tokens_per_day=100)
    assert numbers(standing(alice.pk).day) == (100, 500, 0, 0, False)


def test_members_see_what_is_left_of_the_pool(alice: User, bob: User, mallory: User) -> None:
    team = group("Team", alice, bob)
    policy(tokens_per_day=40)
    policy(team, tokens_per_day=1000, shared_pool=True)
    used(alice, 300)
    assert numbers(standing(alice.pk).day) == numbers(standing(bob.pk).day) == (1000, 300, 0, 700, True)
    assert numbers(standing_of_pool(team.pk).day) == (1000, 300, 0, 700, True)
    assert numbers(standing(mallory.pk).day) == (40, 0, 0, 40, False)


def test_only_what_a_group_shares_is_a_pool(alice: User) -> None:
    team = group("Team", alice)
    policy(team, age=60, tokens_per_day=10, tokens_per_month=100, shared_pool=True)
    assert numbers(standing_of_pool(team.pk).month) == (100, 0, 0, 100, True)
    policy(team, age=30, tokens_per_month=200)
    policy(team, age=20, tokens_per_month=None, requests_per_minute=3)
    assert standing_of_pool(team.pk).month is None, "the newest row that says something shares nothing"
    policy(team, tokens_per_day=UNLIMITED, tokens_per_month=300, shared_pool=True)
    assert standing_of_pool(team.pk).day is None
    assert numbers(standing_of_pool(team.pk).month) == (300, 0, 0, 300, True)
    assert standing_of_pool(group("Others").pk).day is None


def test_it_takes_two_queries(alice: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    policy(tokens_per_day=1000, tokens_per_month=5000)
    used(alice, 50)
    with django_assert_num_queries(2):
        standing(alice.pk)

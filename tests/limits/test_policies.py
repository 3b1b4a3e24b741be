"""Which policy holds for a person, field by field, and from which row each value comes."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from limits.fields import ALL, UNLIMITED
from limits.models import Policy
from limits.policies import Explained, explain, limits_of
from limits.resolution import resolved
from tests.limits.stories import group, policy

pytestmark = pytest.mark.django_db


def explained(person: User, field: str) -> Explained:
    return next(one for one in explain(person.pk) if one.field == field)


def test_without_any_policy_the_sites_settings_hold(alice: User, settings: Settings) -> None:
    settings.PROMPT_CHARS, settings.REPLY_TOKENS, settings.REPLIES_AT_ONCE = 111, 222, 3
    limits = limits_of(alice.pk)
    assert (limits.prompt_chars, limits.output_tokens, limits.replies_at_once) == (111, 222, 3)
    unlimited = (limits.prompt_tokens, limits.tokens_per_day, limits.tokens_per_month, limits.requests_per_minute)
    assert unlimited == (None, None, None, None)
    assert (limits.conversation_turns, limits.conversation_tokens, limits.models) == (None, None, None)
    assert (limits.may_share, limits.may_use_api, limits.may_export) == (True, True, True)
    assert (limits.may_set_instructions, limits.may_set_parameters) == (True, True)
    assert (limits.charge_failed, limits.charge_blocked) == (False, True)
    assert (limits.slow_after, limits.suspend_after, limits.pool_day, limits.pool_month) == (None, None, None, None)
    assert {one.source for one in explain(alice.pk)} == {None}


def test_the_most_specific_policy_that_says_something_holds_field_by_field(alice: User, bob: User) -> None:
    team = group("Team", alice)
    policy(tokens_per_day=1, requests_per_minute=1, prompt_chars=1)
    policy(team, tokens_per_day=2, requests_per_minute=2)
    policy(alice, tokens_per_day=3)
    hers, his = limits_of(alice.pk), limits_of(bob.pk)
    assert (hers.tokens_per_day, hers.requests_per_minute, hers.prompt_chars) == (3, 2, 1)
    assert (his.tokens_per_day, his.requests_per_minute, his.prompt_chars) == (1, 1, 1)


def test_each_value_names_the_row_that_it_comes_from(alice: User) -> None:
    team = group("Team", alice)
    default = policy(requests_per_minute=7, prompt_chars=500)
    theirs = policy(team, requests_per_minute=5, tokens_per_day=9000, shared_pool=True)
    hers = policy(alice, models=["small", "large"], may_share=False)
    found = {one.field: (one.value, one.source, one.pooled) for one in explain(alice.pk)}
    assert found["prompt_chars"] == (500, default, False)
    assert found["requests_per_minute"] == (5, theirs, False)
    assert found["tokens_per_day"] == (9000, theirs, True)
    assert found["models"] == (frozenset({"small", "large"}), hers, False)
    assert found["may_share"] == (False, hers, False)
    assert found["may_export"] == (True, None, False)


def test_a_policy_that_is_deleted_while_it_is_explained_is_gone(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    default, hers = policy(prompt_chars=500), policy(alice, prompt_chars=9)
    seen = []

    def resolved_and_deleted(user_id: int) -> Any:
        found = resolved(user_id)
        seen.append({one.row.id for one in found if one.row})
        Policy.objects.filter(pk=hers.pk).delete()
        return found

    monkeypatch.setattr("limits.policies.resolved", resolved_and_deleted)
    one = explained(alice, "prompt_chars")
    assert (one.value, one.source) == (500, default)
    assert seen == [{hers.pk}, {default.pk}]


def test_what_people_may_set_is_the_most_generous_of_their_groups(alice: User, bob: User) -> None:
    policy(may_set_instructions=False, may_set_parameters=False)
    policy(group("One", alice, bob), may_set_instructions=False)
    policy(group("Two", alice), may_set_instructions=True)
    policy(bob, may_set_parameters=True)
    hers, his = limits_of(alice.pk), limits_of(bob.pk)
    assert (hers.may_set_instructions, hers.may_set_parameters) == (True, False)
    assert (his.may_set_instructions, his.may_set_parameters) == (False, True)
    assert explained(alice, "may_set_parameters").shown == "no"
    assert explained(bob, "may_set_instructions").label == "may set instructions"


def test_values_are_shown_in_words(alice: User) -> None:
    policy(alice, tokens_per_day=1_000_000, tokens_per_month=UNLIMITED, models=["b", "a"], may_share=False)
    shown = {one.field: one.shown for one in explain(alice.pk)}
    assert (shown["tokens_per_day"], shown["tokens_per_month"], shown["models"]) == ("1,000,000", "unlimited", "a, b")
    assert (shown["may_share"], shown["may_export"]) == ("no", "yes")
    assert explained(alice, "tokens_per_day").label == "tokens a day"
    Policy.objects.update(models=[])
    assert explained(alice, "models").shown == "none"
    Policy.objects.update(models=[ALL])
    assert explained(alice, "models").shown == "all"


@pytest.mark.parametrize(
    ("field", "one", "other", "holds"),
    [
        ("tokens_per_day", 10, 20, 20),
        ("tokens_per_day", 0, 20, 20),
        ("tokens_per_day", 0, None, 0),
        ("tokens_per_day", UNLIMITED, 20, None),
        ("models", ["small"], ["large"], frozenset({"small", "large"})),
        ("models", ["small"], [], frozenset({"small"})),
        ("models", [], None, frozenset()),
        ("models", ["small"], [ALL], None),
        ("may_share", False, True, True),
        ("may_share", False, None, False),
        ("charge_failed", True, False, False),
        ("charge_blocked", True, None, True),
        ("suspend_after", 3, 5, 5),
        ("suspend_after", 3, UNLIMITED, None),
    ],
)
def test_of_two_groups_the_more_generous_says(alice: User, field: str, one: Any, other: Any, holds: Any) -> None:
    policy(group("One", alice), **{field: one})
    policy(group("Other", alice), **{field: other})
    assert getattr(limits_of(alice.pk), field) == holds


def test_a_persons_row_can_lift_what_a_group_or_the_default_limits(alice: User) -> None:
    policy(tokens_per_month=50, models=["small"])
    policy(group("Team", alice), tokens_per_day=10, suspend_after=3)
    policy(alice, tokens_per_day=UNLIMITED, tokens_per_month=UNLIMITED, models=[ALL], suspend_after=UNLIMITED)
    limits = limits_of(alice.pk)
    assert (limits.tokens_per_day, limits.tokens_per_month, limits.models, limits.suspend_after) == (None,) * 4
    assert explained(alice, "tokens_per_day").source == Policy.objects.get(user=alice)


def test_nothing_is_not_the_same_as_not_said(alice: User) -> None:
    policy(tokens_per_day=10, requests_per_minute=10, models=["small"])
    policy(alice, tokens_per_day=0, requests_per_minute=0, models=[])
    limits = limits_of(alice.pk)
    assert (limits.tokens_per_day, limits.requests_per_minute, limits.models) == (0, 0, frozenset())
    assert not limits.allows_model("small")


def test_of_one_persons_rows_the_newest_that_says_something_holds(alice: User) -> None:
    policy(alice, age=60, tokens_per_day=1, requests_per_minute=1)
    newest = policy(alice, age=10, tokens_per_day=3)
    policy(alice, age=30, tokens_per_day=2, requests_per_minute=2)
    limits = limits_of(alice.pk)
    assert (limits.tokens_per_day, limits.requests_per_minute) == (3, 2)
    assert explained(alice, "tokens_per_day").source == newest


def test_inside_a_group_the_newest_holds_not_the_more_generous(alice: User) -> None:
    team = group("Team", alice)
    policy(team, age=60, tokens_per_day=1000)
    policy(team, tokens_per_day=10)
    assert limits_of(alice.pk).tokens_per_day == 10


def test_of_two_rows_from_the_same_moment_the_later_made_holds(alice: User) -> None:
    now = timezone.now()
    policy(alice, valid_from=now, tokens_per_day=1)
    policy(alice, valid_from=now, tokens_per_day=2)
    assert limits_of(alice.pk).tokens_per_day == 2


@pytest.mark.parametrize(
    ("begins", "ends", "holds"), [(-60, None, True), (-60, 60, True), (60, None, False), (-60, -30, False)]
)
def test_a_policy_holds_in_its_time(alice: User, begins: int, ends: int | None, holds: bool) -> None:
    now = timezone.now()
    until = None if ends is None else now + timedelta(minutes=ends)
    policy(alice, valid_from=now + timedelta(minutes=begins), valid_until=until, tokens_per_day=5)
    assert (limits_of(alice.pk).tokens_per_day == 5) is holds
    assert Policy.objects.current().exists() is holds


def test_a_policy_that_is_saved_holds_at_once(alice: User) -> None:
    row = Policy.objects.create(user=alice, tokens_per_day=5)
    assert limits_of(alice.pk).tokens_per_day == 5
    row.tokens_per_day = 6
    row.save()
    assert limits_of(alice.pk).tokens_per_day == 6
    row.delete()
    assert limits_of(alice.pk).tokens_per_day is None


def test_who_leaves_a_group_leaves_its_policy(alice: User) -> None:
    team = group("Team", alice)
    policy(team, tokens_per_day=5)
    assert limits_of(alice.pk).tokens_per_day == 5
    alice.groups.clear()
    assert limits_of(alice.pk).tokens_per_day is None


def test_another_persons_row_is_not_ones_own(alice: User, mallory: User) -> None:
    policy(alice, tokens_per_day=UNLIMITED, may_use_api=True)
    policy(group("Team", alice), requests_per_minute=500)
    policy(tokens_per_day=10, may_use_api=False, requests_per_minute=1)
    hers = limits_of(mallory.pk)
    assert (hers.tokens_per_day, hers.may_use_api, hers.requests_per_minute) == (10, False, 1)


def test_a_group_can_share_a_pool_of_one_and_an_allowance_of_the_other(alice: User) -> None:
    team = group("Team", alice)
    policy(tokens_per_month=10)
    policy(team, age=5, tokens_per_month=500)
    policy(team, tokens_per_day=100, shared_pool=True)
    limits = limits_of(alice.pk)
    assert (limits.tokens_per_day, limits.pool_day) == (100, team.pk)
    assert (limits.tokens_per_month, limits.pool_month) == (500, None)


def test_a_person_with_a_quota_of_their_own_does_not_draw_on_the_pool(alice: User, bob: User) -> None:
    team = group("Team", alice, bob)
    policy(team, tokens_per_day=100, shared_pool=True)
    policy(alice, tokens_per_day=40)
    assert (limits_of(alice.pk).tokens_per_day, limits_of(alice.pk).pool_day) == (40, None)
    assert (limits_of(bob.pk).tokens_per_day, limits_of(bob.pk).pool_day) == (100, team.pk)


@pytest.mark.parametrize(("own", "pooled"), [(100, False), (150, False), (99, True)])
def test_of_an_allowance_and_a_pool_the_greater_counts_and_of_equals_the_allowance(
    alice: User,
    own: int,
    pooled: bool,
) -> None:
    pool = group("Pool", alice)
    policy(pool, tokens_per_day=100, shared_pool=True)
    policy(group("Each", alice), tokens_per_day=own)
    assert (limits_of(alice.pk).pool_day == pool.pk) is pooled


def test_an_unlimited_pool_is_no_pool(alice: User) -> None:
    policy(group("Team", alice), tokens_per_day=UNLIMITED, tokens_per_month=10, shared_pool=True)
    limits = limits_of(alice.pk)
    assert (limits.tokens_per_day, limits.pool_day) == (None, None)


def test_it_takes_one_query(alice: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    policy(alice, tokens_per_day=5)
    policy(group("Team", alice), tokens_per_day=5)
    with django_assert_num_queries(1):
        limits_of(alice.pk)
    with django_assert_num_queries(2):
        explain(alice.pk)


def test_a_person_who_is_not_there_has_the_default(alice: User) -> None:
    policy(tokens_per_day=5)
    assert limits_of(alice.pk + 1000).tokens_per_day == 5

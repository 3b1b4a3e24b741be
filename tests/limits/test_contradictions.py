"""Policies that nobody could follow, numbers that are none: refused with the field, the value and what is allowed."""

from datetime import timedelta
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.forms import modelform_factory
from django.utils import timezone, translation

from accounts.models import User
from limits.fields import ALL, MOST, UNLIMITED
from limits.models import Policy
from limits.resolution import LIMITS
from tests.limits.stories import group

pytestmark = pytest.mark.django_db

FIELDS = [limit.field for limit in LIMITS]
NUMBERS = [one for one in FIELDS if one != "models" and not one.startswith(("may_", "charge_", "redact_"))]
ALWAYS_LIMITED = {"prompt_chars", "output_tokens", "replies_at_once"}


def errors(**fields: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refused:
        Policy(**fields).full_clean()
    return refused.value.message_dict


@pytest.mark.parametrize(
    ("fields", "where", "words"),
    [
        ({"tokens_per_day": 10, "tokens_per_month": 9}, "tokens_per_day", "10 contradicts “tokens a month”: at most 9"),
        ({"output_tokens": 11, "tokens_per_day": 10}, "output_tokens", "11 contradicts “tokens a day”: at most 10"),
        ({"output_tokens": 11, "tokens_per_month": 10}, "output_tokens", "11 contradicts “tokens a month”"),
        ({"prompt_tokens": 11, "tokens_per_day": 10}, "prompt_tokens", "11 contradicts “tokens a day”"),
        ({"prompt_tokens": 11, "conversation_tokens": 10}, "prompt_tokens", "contradicts “tokens in a conversation”"),
        ({"slow_after": 4, "suspend_after": 3}, "slow_after", "4 contradicts “suspended after incidents”: at most 3"),
    ],
)
def test_limits_that_contradict_each_other_are_refused(fields: dict[str, Any], where: str, words: str) -> None:
    found = errors(**fields)
    assert set(found) == {where}
    assert words in found[where][0]


@pytest.mark.parametrize(
    "fields",
    [
        {"tokens_per_day": 10, "tokens_per_month": 10},
        {"tokens_per_day": UNLIMITED, "tokens_per_month": 10},
        {"tokens_per_day": 10, "tokens_per_month": UNLIMITED},
        {"prompt_tokens": UNLIMITED, "tokens_per_day": 10},
        {"tokens_per_day": 0, "requests_per_minute": 0},
        {"slow_after": 3, "suspend_after": 3},
        {},
    ],
)
def test_limits_that_fit_together_are_not(fields: dict[str, Any]) -> None:
    Policy(**fields).full_clean()


@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize("value", [-1, MOST + 1])
def test_numbers_out_of_range_are_refused_with_the_range(field: str, value: int) -> None:
    assert f"{value} is not allowed here: " in errors(**{field: value})[field][0]


@pytest.mark.parametrize("field", NUMBERS)
def test_nothing_can_be_said_to_be_unlimited_that_must_have_a_limit(field: str) -> None:
    if field in ALWAYS_LIMITED:
        assert field in errors(**{field: UNLIMITED})
        assert "1 is the least" in errors(**{field: 0})[field][0]
    else:
        Policy(**{field: UNLIMITED}).full_clean()


@pytest.mark.parametrize("value", ["small", {"small": 1}, ["small", ""], [1]])
def test_models_are_a_list_of_names(value: Any) -> None:
    assert "is not a list of names" in errors(models=value)["models"][0]


def test_a_policy_is_for_a_person_or_a_group_not_for_both(alice: User) -> None:
    team = group("Team", alice)
    assert "for a person already (alice)" in errors(user=alice, group=team)["group"][0]
    with pytest.raises(IntegrityError, match="limits_policy_one_scope"), transaction.atomic():
        Policy.objects.create(user=alice, group=team)


def test_a_policy_ends_after_it_begins() -> None:
    now = timezone.now()
    for until in (now, now - timedelta(days=1)):
        assert "is not after “valid from”" in errors(valid_from=now, valid_until=until)["valid_until"][0]
        with pytest.raises(IntegrityError, match="limits_policy_some_time"), transaction.atomic():
            Policy.objects.create(valid_from=now, valid_until=until)


def test_only_groups_share_a_pool_and_only_of_tokens(alice: User) -> None:
    assert "Only the members of a group" in errors(user=alice, shared_pool=True)["shared_pool"][0]
    team = group("Team", alice)
    for empty in ({}, {"tokens_per_day": UNLIMITED}):
        assert "nothing to share" in errors(group=team, shared_pool=True, **empty)["shared_pool"][0]
    Policy(group=team, shared_pool=True, tokens_per_day=0).full_clean()
    with pytest.raises(IntegrityError, match="limits_policy_pool_of_a_group"), transaction.atomic():
        Policy.objects.create(shared_pool=True)


def test_the_database_takes_no_negative_number_either() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Policy.objects.create(tokens_per_day=-1)


def form(**data: str) -> Any:
    return modelform_factory(Policy, fields=FIELDS)(data)


def saved(**data: str) -> Policy:
    filled = form(**data)
    assert filled.is_valid(), filled.errors
    row: Policy = filled.save()
    row.refresh_from_db()
    return row


@pytest.mark.parametrize(
    ("written", "value"),
    [("", None), ("0", 0), ("12", 12), ("1,000,000", 1_000_000), ("1 000", 1000), ("unlimited", UNLIMITED)],
)
def test_a_form_tells_inherited_nothing_and_unlimited_apart(written: str, value: int | None) -> None:
    row = saved(tokens_per_day=written)
    assert row.tokens_per_day == value
    shown = modelform_factory(Policy, fields=FIELDS)(instance=row)["tokens_per_day"].value()
    assert shown == {None: None, UNLIMITED: "unlimited"}.get(value, value)


@pytest.mark.parametrize(
    ("written", "names", "shown"),
    [
        ("", None, None),
        ("none", [], "none"),
        ("all", [ALL], "all"),
        ("All", [ALL], "all"),
        ("small, large", ["large", "small"], "large, small"),
        ("small  large,small", ["large", "small"], "large, small"),
        ("all-minilm", ["all-minilm"], "all-minilm"),
    ],
)
def test_a_form_takes_names_of_models_or_a_word(written: str, names: list[str] | None, shown: str | None) -> None:
    row = saved(models=written)
    assert row.models == names
    assert modelform_factory(Policy, fields=FIELDS)(instance=row)["models"].value() == shown


@pytest.mark.parametrize(
    ("field", "written", "words"),
    [
        ("tokens_per_day", "many", "“many” is not allowed here: give a whole number or “unlimited”, or nothing"),
        ("tokens_per_day", "1.5", "“1.5” is not allowed here"),
        ("tokens_per_day", "-5", "-5 is not allowed here: 0 is the least"),
        ("tokens_per_day", str(10**30), "is not allowed here: 0 is the least"),
        ("output_tokens", "unlimited", "“unlimited” is not allowed here: give a whole number, or nothing to inherit"),
        ("output_tokens", "0", "0 is not allowed here: 1 is the least"),
    ],
)
def test_a_form_says_what_it_does_not_take_and_what_it_would(field: str, written: str, words: str) -> None:
    found = form(**{field: written}).errors
    assert set(found) == {field}
    assert words in found[field][0]


def test_a_form_that_was_not_touched_has_not_changed() -> None:
    row = saved(tokens_per_day="unlimited", requests_per_minute="5", models="all")
    blank = modelform_factory(Policy, fields=FIELDS)(instance=row)
    data = {field: value for field in FIELDS if (value := blank[field].value()) is not None}
    again = modelform_factory(Policy, fields=FIELDS)(data, instance=row)
    assert again.changed_data == []
    data |= {"tokens_per_day": "nonsense", "models": "small"}
    changed = modelform_factory(Policy, fields=FIELDS)(data, instance=row)
    assert set(changed.changed_data) == {"tokens_per_day", "models"}


def test_limits_are_written_in_a_field_for_words(alice: User) -> None:
    """The console's own number fields could not show “unlimited”."""
    for field in ("tokens_per_day", "models"):
        made: Any = Policy._meta.get_field(field)
        made = made.formfield(widget=forms.NumberInput)
        assert type(made.widget) is forms.TextInput


def test_the_english_words_are_taken_in_every_language() -> None:
    with translation.override("zh-hans"):
        assert saved(tokens_per_day="unlimited", models="none").tokens_per_day == UNLIMITED


@pytest.mark.parametrize(("scope", "words"), [("user", "person: alice"), ("group", "group: Team"), ("", "default")])
def test_a_policy_says_whom_it_is_for(alice: User, scope: str, words: str) -> None:
    whom = {"user": alice, "group": group("Team", alice)}
    assert str(Policy(**({scope: whom[scope]} if scope else {}))) == words

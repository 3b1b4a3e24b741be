"""What a person's page is told of their limits: what holds now, what is left, what keeps them from sending."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from conversations.allowance import allowance
from inference.model import Model
from inference.protocol import REPLY_ROOM
from inference.tokenizers import tokenizer_for
from limits import restraints
from tests.limits.stories import group, policy, reserve, used

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]


def test_without_policies_the_settings_and_the_window_hold(alice: User, model: Model) -> None:
    told = allowance(alice.pk)
    assert (told["prompt_chars"], told["output_tokens"]) == (32_000, 4096)
    assert told["prompt_tokens"] == model.context_window - REPLY_ROOM
    assert told["standing"] == {"day": None, "month": None}
    assert told["restraint"] is None


def test_tokens_are_reckoned_as_the_models_tokenizer_counts(alice: User, model: Model) -> None:
    counted = tokenizer_for(model)
    factors = allowance(alice.pk)["chars_per_token"]
    for kind, text in (("narrow", "An ordinary question about the weather. " * 50), ("wide", "今天天气怎么样？" * 50)):
        assert len(text) / factors[kind] == pytest.approx(counted.count(text), rel=0.1)


def test_a_policy_holds_at_once_but_no_message_is_longer_than_the_window(alice: User, bob: User, model: Model) -> None:
    policy(alice, prompt_chars=500, prompt_tokens=100, output_tokens=64)
    policy(bob, prompt_tokens=10**9)
    hers, his = allowance(alice.pk), allowance(bob.pk)
    assert (hers["prompt_chars"], hers["prompt_tokens"], hers["output_tokens"]) == (500, 100, 64)
    assert his["prompt_tokens"] == model.context_window - REPLY_ROOM


def test_what_is_left_counts_what_is_reserved_and_says_when_there_is_more(alice: User, model: Model) -> None:
    policy(alice, tokens_per_day=10_000, tokens_per_month=50_000, output_tokens=200)
    used(alice, 1000)
    reserve(alice, 300)
    standing = allowance(alice.pk)["standing"]
    day, month = standing["day"], standing["month"]
    assert (day["limit"], day["used"], day["left"], day["shared"]) == (10_000, 1500, 8500, False)
    assert (month["limit"], month["used"], month["left"]) == (50_000, 1500, 48_500)
    assert datetime.now(UTC) < day["resets_at"] <= month["resets_at"]


def test_a_pool_is_left_to_all_of_its_group(alice: User, bob: User, model: Model) -> None:
    policy(group("team", alice, bob), tokens_per_day=1000, shared_pool=True)
    used(alice, 400)
    assert allowance(bob.pk)["standing"]["day"]["left"] == 600
    assert allowance(bob.pk)["standing"]["day"]["shared"] is True


def test_the_hardest_restraint_that_holds_is_told(alice: User, grace: User) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    restraints.slow(alice, tomorrow, "too much", grace)
    assert allowance(alice.pk)["restraint"] == {"kind": "slow", "until": tomorrow}
    restraints.suspend(alice, None, "far too much", grace)
    assert allowance(alice.pk)["restraint"] == {"kind": "suspend", "until": None}
    assert "far too much" not in str(allowance(alice.pk)), "the reason is for moderators"
    restraints.lift(alice, grace)
    assert allowance(alice.pk)["restraint"] is None


def test_a_restraint_that_is_over_is_not_told(alice: User, grace: User) -> None:
    restraints.suspend(alice, timezone.now() - timedelta(seconds=1), "once", grace)
    assert allowance(alice.pk)["restraint"] is None

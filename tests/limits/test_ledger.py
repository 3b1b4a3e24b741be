"""The ledger: what is reserved, refused, charged, and that each is done once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.transaction import TransactionManagementError

from accounts.models import User
from limits import ledger
from limits.models import Usage, Window
from limits.policies import limits_of
from limits.refusals import OverLimit
from tests.limits.stories import (
    group,
    let_pass,
    move_to,
    policy,
    refusal,
    release,
    reserve,
    settle,
    used,
    windows,
)

pytestmark = pytest.mark.django_db


def test_a_reply_reserves_its_prompt_and_all_it_may_say(alice: User) -> None:
    policy(output_tokens=200)
    reply, granted = reserve(alice, 30)
    assert granted == 200
    assert windows(alice) == {"day": (230, 0), "month": (230, 0)}
    row = Usage.objects.get(pk=reply)
    assert (row.user, row.model, row.state, row.reserved, row.charged) == (alice, "small", "reserved", 230, 0)
    assert row.day == datetime.now(UTC).date()


@pytest.mark.parametrize("outcome", ["complete", "stopped", "cut"])
def test_what_a_reply_cost_is_charged_when_it_ends(alice: User, outcome: str) -> None:
    reply, _ = reserve(alice, 30)
    assert settle(reply, 33, 50, outcome)
    assert windows(alice) == {"day": (0, 83), "month": (0, 83)}
    row = Usage.objects.get(pk=reply)
    assert (row.state, row.outcome, row.prompt_tokens, row.completion_tokens, row.charged) == (
        "settled",
        outcome,
        33,
        50,
        83,
    )
    assert row.settled_at is not None
    assert row.settled_at >= row.reserved_at


@pytest.mark.parametrize(
    ("outcome", "terms", "charged"),
    [
        ("failed", {}, 0),
        ("failed", {"charge_failed": True}, 83),
        ("failed", {"charge_blocked": True}, 0),
        ("blocked", {}, 83),
        ("blocked", {"charge_blocked": False}, 0),
        ("blocked", {"charge_blocked": False, "charge_failed": True}, 0),
    ],
)
def test_failed_and_blocked_replies_cost_what_the_policy_says(
    alice: User, outcome: str, terms: dict[str, Any], charged: int
) -> None:
    policy(**terms)
    reply, _ = reserve(alice, 30)
    settle(reply, 33, 50, outcome)
    assert windows(alice)["day"] == (0, charged)
    row = Usage.objects.get(pk=reply)
    assert (row.prompt_tokens, row.completion_tokens, row.charged) == (33, 50, charged)


def test_the_policy_at_the_time_of_the_reservation_says_what_a_failure_costs(alice: User) -> None:
    free = policy(charge_failed=False)
    reply, _ = reserve(alice, 30)
    free.charge_failed = True
    free.save()
    settle(reply, 33, 50, "failed")
    assert windows(alice)["day"] == (0, 0)


def test_the_first_end_of_a_reply_counts_and_no_other(alice: User) -> None:
    reply, _ = reserve(alice)
    assert settle(reply, 10, 20)
    assert not settle(reply, 10, 2000)
    assert not settle(reply, 10, 20, "failed")
    assert not release(reply)
    assert windows(alice)["day"] == (0, 30)


def test_a_released_reply_costs_nothing_and_cannot_be_settled(alice: User) -> None:
    reply, _ = reserve(alice)
    assert release(reply)
    assert not release(reply)
    assert not settle(reply, 10, 20)
    assert windows(alice) == {"day": (0, 0), "month": (0, 0)}
    assert Usage.objects.get(pk=reply).state == "released"


def test_a_reply_that_never_reserved_has_nothing_to_end(alice: User) -> None:
    assert not settle(uuid4())
    assert not release(uuid4())
    assert not Window.objects.exists()


def test_what_is_rolled_back_was_not_done(alice: User) -> None:
    reply, _ = reserve(alice)
    before = windows(alice)

    def end(reply: UUID) -> None:
        with transaction.atomic():
            assert ledger.settle(reply, 10, 20, "complete")
            raise InterruptedError("the worker died before its transaction ended")

    with pytest.raises(InterruptedError):
        end(reply)
    assert windows(alice) == before
    assert settle(reply, 10, 20)
    assert windows(alice)["day"] == (0, 30)


def test_a_reply_reserves_once(alice: User) -> None:
    reply, granted = reserve(alice)
    with pytest.raises(IntegrityError):
        reserve(alice, reply=reply)
    assert windows(alice)["day"] == (10 + granted, 0)


def test_an_outcome_that_there_is_not_is_refused(alice: User) -> None:
    reply, _ = reserve(alice)
    with pytest.raises(ValueError, match=r"'vanished'; expected one of blocked, complete"):
        settle(reply, outcome="vanished")


def test_a_day_without_enough_left_shrinks_the_reply_and_then_refuses(alice: User) -> None:
    policy(tokens_per_day=300, output_tokens=200)
    assert reserve(alice, 20)[1] == 200
    let_pass(timedelta(minutes=2))
    assert reserve(alice, 10)[1] == 70
    no = refusal(alice, 1)
    assert (no.code, no.allowed, no.left) == ("quota_day", 300, 0)


def test_less_than_a_worthwhile_reply_is_refused(alice: User) -> None:
    policy(tokens_per_day=173)
    used(alice, 100)
    no = refusal(alice, 10)
    assert (no.code, no.left) == ("quota_day", 73)
    assert "73 of your 173 tokens a day are left" in no.detail
    assert reserve(alice, 9)[1] == 64


def test_a_policy_of_very_short_replies_is_not_refused_for_being_so(alice: User) -> None:
    policy(output_tokens=5, tokens_per_day=20)
    assert reserve(alice, 15)[1] == 5


def test_a_day_of_nothing_lets_nothing_through(alice: User) -> None:
    policy(tokens_per_day=0, output_tokens=None)
    no = refusal(alice, 0)
    assert (no.code, no.allowed, no.left) == ("quota_day", 0, 0)


def test_who_is_out_of_both_waits_for_the_month(alice: User) -> None:
    policy(tokens_per_day=100, tokens_per_month=100)
    used(alice, 90)
    no = refusal(alice)
    assert (no.code, no.left) == ("quota_month", 10)
    assert no.resets_at is not None
    assert (no.resets_at.day, no.resets_at.hour, no.resets_at.tzinfo) == (1, 0, UTC)


def test_more_than_was_reserved_is_charged_all_the_same_and_leaves_nothing(alice: User) -> None:
    """The engine's own count of the prompt is what counts."""
    policy(tokens_per_day=200, output_tokens=100)
    reply, _ = reserve(alice, 10)
    settle(reply, 500, 100)
    assert windows(alice)["day"] == (0, 600)
    assert refusal(alice).left == 0


def test_a_reply_that_ends_after_midnight_counts_for_the_day_it_was_asked_for(alice: User) -> None:
    policy(tokens_per_day=1000)
    reply, _ = reserve(alice, 30)
    move_to(datetime(2024, 2, 29, tzinfo=UTC).date())
    assert settle(reply, 30, 50)
    row = Window.objects.get(user=alice, kind="day")
    assert (str(row.start), row.reserved, row.used) == ("2024-02-29", 0, 80)
    assert str(Window.objects.get(user=alice, kind="month").start) == "2024-02-01"
    reserve(alice, 30)
    assert Window.objects.filter(user=alice, kind="day").count() == 2


def test_the_ledger_changes_only_inside_a_transaction(alice: User, transactional_db: None) -> None:
    with pytest.raises(TransactionManagementError):
        ledger.reserve(alice.pk, uuid4(), "small", 1, limits_of(alice.pk))
    with pytest.raises(TransactionManagementError):
        ledger.settle(uuid4(), 1, 1, "complete")
    with pytest.raises(TransactionManagementError):
        ledger.release(uuid4())
    assert not Usage.objects.exists()


def test_one_person_uses_nothing_of_anothers(alice: User, bob: User) -> None:
    policy(tokens_per_day=100)
    used(alice, 90)
    with pytest.raises(OverLimit):
        reserve(alice)
    assert reserve(bob)[1] == 90
    assert windows(bob)["day"] == (100, 0)


def test_reservations_that_stay_open_are_found_the_oldest_first(alice: User) -> None:
    oldest, _ = reserve(alice)
    let_pass(timedelta(minutes=5))
    ended, _ = reserve(alice)
    older, _ = reserve(alice)
    let_pass(timedelta(minutes=5))
    reserve(alice)
    settle(ended)
    assert ledger.unsettled(timedelta(minutes=4)) == [oldest, older]
    assert ledger.unsettled(timedelta(minutes=6)) == [oldest]


def test_the_ledger_outlives_the_person_and_the_pool(alice: User, bob: User) -> None:
    team = group("Team", alice, bob)
    policy(team, tokens_per_day=10_000, shared_pool=True)
    hers, _ = reserve(alice)
    used(bob, 40)
    alice.delete()
    assert settle(hers, 10, 20)
    assert windows(team)["day"] == (0, 70)
    last, _ = reserve(bob)
    team.delete()
    assert settle(last, 10, 20)
    assert windows(bob)["day"] == (0, 70)
    assert set(Usage.objects.values_list("user", "charged")) == {(None, 30), (bob.pk, 40), (bob.pk, 30)}

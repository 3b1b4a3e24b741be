"""Rates, suspensions and quotas: who is refused, with which words, what is left and when there is more."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone, translation

from accounts.models import User
from audit.models import Entry
from limits import restraints
from limits.clock import Span
from limits.fields import UNLIMITED
from limits.models import Restraint, Usage
from limits.refusals import Code, over_quota
from tests.limits.stories import group, let_pass, policy, refusal, release, reserve, used, windows

pytestmark = pytest.mark.django_db

FIVE_MINUTES = timedelta(minutes=5)


def test_as_many_messages_a_minute_as_the_policy_says(alice: User) -> None:
    policy(requests_per_minute=2)
    first, _ = reserve(alice)
    let_pass(timedelta(seconds=40))
    reserve(alice)
    no = refusal(alice)
    assert (no.code, no.allowed, no.left) == ("too_many", 2, 0)
    assert no.detail == "2 messages a minute are allowed. Wait a moment."
    assert no.resets_at == Usage.objects.get(pk=first).reserved_at + timedelta(seconds=60)
    let_pass(timedelta(seconds=20))
    reserve(alice)
    assert refusal(alice).code == "too_many"


def test_a_message_whose_reply_was_stopped_or_failed_still_counts_for_the_rate(alice: User) -> None:
    policy(requests_per_minute=1)
    release(reserve(alice)[0])
    assert refusal(alice).code == "too_many"


def test_a_refused_message_does_not_count_for_the_rate(alice: User) -> None:
    policy(requests_per_minute=1, tokens_per_day=100)
    assert refusal(alice, 1000).code == "quota_day"
    reserve(alice)


def test_a_rate_of_nothing_lets_nothing_through(alice: User) -> None:
    policy(requests_per_minute=0)
    no = refusal(alice)
    assert (no.code, no.allowed, no.resets_at) == ("too_many", 0, None)


def test_one_persons_rate_is_not_anothers(alice: User, bob: User) -> None:
    policy(requests_per_minute=1)
    reserve(alice)
    reserve(bob)
    assert refusal(bob).code == "too_many"


def test_who_is_slowed_sends_one_message_a_minute(alice: User, grace: User) -> None:
    policy(requests_per_minute=20)
    restraints.slow(alice, timezone.now() + FIVE_MINUTES, "too eager", grace)
    reserve(alice)
    no = refusal(alice)
    assert (no.code, no.allowed) == ("slowed", 1)
    assert no.detail == "You were slowed down: one message a minute. Wait a moment."
    let_pass(timedelta(seconds=61))
    reserve(alice)


def test_slowing_does_not_make_nothing_into_one(alice: User) -> None:
    policy(requests_per_minute=0)
    restraints.slow(alice, None, "")
    assert (refusal(alice).code, refusal(alice).allowed) == ("slowed", 0)


def test_who_is_suspended_sends_nothing_from_the_next_message_on(alice: User, bob: User, grace: User) -> None:
    reserve(alice)
    until = timezone.now() + FIVE_MINUTES
    restraints.suspend(alice, until, "three incidents", grace)
    no = refusal(alice)
    assert (no.code, no.resets_at, no.left) == ("suspended", until, 0)
    assert no.detail.startswith("You cannot send messages until ")
    assert no.detail.endswith(" UTC.")
    reserve(bob)


def test_of_two_suspensions_the_longer_is_told_and_for_ever_is_longest(alice: User) -> None:
    soon, late = (timezone.now() + timedelta(hours=hours) for hours in (1, 5))
    restraints.suspend(alice, late, "")
    restraints.suspend(alice, soon, "")
    assert refusal(alice).resets_at == late
    restraints.suspend(alice, None, "")
    no = refusal(alice)
    assert (no.resets_at, no.detail) == (None, "You cannot send messages for now. Ask an administrator.")


def test_a_suspension_ends_by_itself(alice: User) -> None:
    restraints.suspend(alice, timezone.now() + FIVE_MINUTES, "")
    Restraint.objects.update(until=timezone.now() - timedelta(seconds=1))
    reserve(alice)
    assert restraints.now_on(alice.pk) == []


def test_what_was_lifted_no_longer_holds(alice: User, bob: User, grace: User) -> None:
    restraints.suspend(alice, None, "")
    restraints.slow(alice, None, "")
    restraints.suspend(bob, None, "")
    assert [one.kind for one in restraints.now_on(alice.pk)] == ["suspend", "slow"]
    assert restraints.lift(alice, grace, kind="suspend") == 1
    assert [one.kind for one in restraints.now_on(alice.pk)] == ["slow"]
    reserve(alice)
    assert restraints.lift(alice, grace) == 1
    assert restraints.lift(alice, grace) == 0
    assert refusal(bob).code == "suspended"
    row = Restraint.objects.get(user=alice, kind="slow")
    assert (row.lifted_by, row.lifted_at is not None) == (grace, True)


def test_restraints_are_in_the_audit_log_without_their_reasons(alice: User, grace: User) -> None:
    until = datetime(2030, 1, 2, 3, 4, tzinfo=UTC)
    made = restraints.suspend(alice, until, "wrote something private", grace)
    restraints.slow(alice, None, "")
    restraints.lift(alice, grace)
    restraints.lift(alice, grace)
    entries = list(Entry.objects.order_by("pk"))
    assert [entry.action for entry in entries] == ["person.suspended", "person.slowed", "person.restored"]
    assert entries[0].details == {"restraint": made.pk, "until": "2030-01-02 03:04:00+00:00"}
    assert [entry.actor_name for entry in entries] == ["grace", "", "grace"]
    assert {entry.subject_id for entry in entries} == {str(alice.pk)}
    assert str(made) == "suspended: alice"


def test_the_longest_of_a_kind_comes_first(alice: User) -> None:
    hour = timezone.now() + timedelta(hours=1)
    for until in (hour, None, hour + FIVE_MINUTES):
        restraints.suspend(alice, until, "")
    assert [one.until for one in restraints.now_on(alice.pk)] == [None, hour + FIVE_MINUTES, hour]


def test_a_refusal_of_a_shared_pool_names_the_pool(alice: User, bob: User) -> None:
    team = group("Research", alice, bob)
    policy(team, tokens_per_day=100, shared_pool=True)
    used(bob, 90)
    no = refusal(alice)
    assert (no.code, no.left, no.allowed) == ("quota_day", 10, 100)
    assert "10 of the 100 tokens a day that “Research” shares are left" in no.detail
    assert windows(team) == {"day": (0, 90)}
    assert windows(alice) == {}, "what is refused leaves nothing behind"


def test_who_draws_on_no_pool_leaves_it_alone(alice: User, bob: User) -> None:
    team = group("Research", alice, bob)
    policy(team, tokens_per_day=100, shared_pool=True)
    policy(alice, tokens_per_day=UNLIMITED)
    used(alice, 500)
    assert windows(team) == {}
    assert reserve(bob)[1] == 90


def test_a_quota_says_when_there_is_more(alice: User) -> None:
    policy(tokens_per_day=70)
    used(alice, 70)
    no = refusal(alice)
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert no.resets_at == datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=UTC)
    assert "0 of your 70 tokens a day are left, too few for this message. There are more " in no.detail
    assert no.detail.endswith(f"from {tomorrow} 00:00 UTC.")


@pytest.mark.parametrize(
    ("span", "day", "start", "reset"),
    [
        (Span.DAY, "2026-05-31", "2026-05-31", "2026-06-01"),
        (Span.DAY, "2024-02-28", "2024-02-28", "2024-02-29"),
        (Span.MONTH, "2026-12-31", "2026-12-01", "2027-01-01"),
        (Span.MONTH, "2026-01-01", "2026-01-01", "2026-02-01"),
        (Span.MONTH, "2024-02-29", "2024-02-01", "2024-03-01"),
    ],
)
def test_days_and_months_are_those_of_utc(span: Span, day: str, start: str, reset: str) -> None:
    when = datetime.fromisoformat(day).date()
    assert span.start(when).isoformat() == start
    assert span.resets_at(when) == datetime.fromisoformat(reset).replace(tzinfo=UTC)


@pytest.mark.parametrize("code", [Code.QUOTA_DAY, Code.QUOTA_MONTH])
@pytest.mark.parametrize("pool", ["", "50% off"])
def test_a_quotas_sentence_has_its_numbers_whatever_the_pool_is_called(code: Code, pool: str) -> None:
    at = datetime(2026, 12, 1, tzinfo=UTC)
    with translation.override("en"):
        no = over_quota(code, allowed=1_000_000, left=1234, resets_at=at, pool=pool)
    assert "1,234 of " in no.detail
    assert "1,000,000" in no.detail
    assert pool in no.detail
    assert str(no) == code.value

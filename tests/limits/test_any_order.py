"""The ledger under whatever comes in whatever order: windows are always the ledger's sums, nobody is above a quota."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from limits.fields import UNLIMITED
from limits.models import Policy, Usage, Window
from limits.policies import limits_of
from limits.quotas import LEAST_REPLY
from limits.recount import differences
from limits.standing import standing
from tests.limits.stories import group, move_to, policy, refusal, release, reserve, settle

NAMES = st.sampled_from(["alice", "bob"])
QUOTAS = st.none() | st.just(UNLIMITED) | st.integers(0, 4000)
OUTCOMES = st.sampled_from(["complete", "stopped", "cut", "blocked", "failed"])


class Ledger(RuleBasedStateMachine):
    """Alice and Bob share a pool at times. Each keeps inside what was reserved, as engines do."""

    replies: Bundle[UUID] = Bundle("replies")
    ended: Bundle[UUID] = Bundle("ended")

    @initialize()
    def begin(self) -> None:
        for rows in (Usage, Window, Policy):
            rows.objects.all().delete()
        User.objects.all().delete()
        self.people = {
            name: User.objects.create(username=name, email=f"{name}@example.org") for name in ("alice", "bob")
        }
        self.team = group(f"Team {uuid4()}", *self.people.values())
        policy(output_tokens=300)

    @rule(day=QUOTAS, month=QUOTAS, pool=st.booleans(), failed=st.none() | st.booleans(), blocked=st.booleans())
    def change_policy_of_team(self, day: Any, month: Any, *, pool: bool, failed: bool | None, blocked: bool) -> None:
        Policy.objects.filter(group=self.team).delete()
        terms = {"charge_failed": failed, "charge_blocked": blocked, "shared_pool": pool}
        Policy.objects.create(group=self.team, tokens_per_day=day, tokens_per_month=month, **terms)

    @rule(who=NAMES, day=QUOTAS, month=QUOTAS)
    def change_policy_of_person(self, who: str, day: Any, month: Any) -> None:
        Policy.objects.filter(user=self.people[who]).delete()
        Policy.objects.create(user=self.people[who], tokens_per_day=day, tokens_per_month=month)

    @rule(target=replies, who=NAMES, prompt=st.integers(0, 500))
    def reserve(self, who: str, prompt: int) -> UUID:
        person = self.people[who]
        before, limits = standing(person.pk), limits_of(person.pk)
        left = min([quota.left for quota in (before.day, before.month) if quota], default=10**9)
        if left < prompt + LEAST_REPLY:
            assert refusal(person, prompt).code in {"quota_day", "quota_month"}
            return uuid4()  # ended like any other, in vain
        reply, granted = reserve(person, prompt)
        assert granted == min(limits.output_tokens, left - prompt)
        after = standing(person.pk)
        assert all(quota.used + quota.reserved <= quota.limit for quota in (after.day, after.month) if quota)
        return reply

    @rule(target=ended, reply=consumes(replies), share=st.floats(0, 1), outcome=OUTCOMES)
    def settle(self, reply: UUID, share: float, outcome: str) -> UUID:
        row = Usage.objects.filter(pk=reply).first()
        spent = int(share * row.reserved) if row else 5
        assert settle(reply, spent // 3, spent - spent // 3, outcome) is (row is not None)
        return reply

    @rule(target=ended, reply=consumes(replies))
    def release(self, reply: UUID) -> UUID:
        assert release(reply) is Usage.objects.filter(pk=reply).exists()
        return reply

    @rule(reply=ended, outcome=OUTCOMES)
    def end_again(self, reply: UUID, outcome: str) -> None:
        assert not settle(reply, 1000, 1000, outcome)
        assert not release(reply)

    @rule()
    def midnight(self) -> None:
        """All that is open now will end on a later day."""
        if not Usage.objects.exclude(day=datetime.now(UTC).date()).exists():
            move_to(datetime.now(UTC).date() - timedelta(days=40))

    @invariant()
    def windows_are_sums_of_the_ledger(self) -> None:
        assert differences() == []
        assert not Usage.objects.exclude(state="settled").exclude(charged=0).exists()

    @invariant()
    def nothing_is_charged_beyond_what_was_reserved(self) -> None:
        assert all(charged <= reserved for charged, reserved in Usage.objects.values_list("charged", "reserved"))


@pytest.mark.django_db
def test_in_any_order_windows_are_sums_and_nobody_is_above_a_quota() -> None:
    quick = settings(
        max_examples=20, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(Ledger, settings=quick)
    assert Usage.objects.exists() or Policy.objects.exists(), "it did something"

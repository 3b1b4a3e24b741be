"""Whatever is done at the same moment, nobody gets more than their limit and every reply is charged once."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from uuid import uuid4

import pytest
from django.db import transaction

from accounts.models import User
from limits import windows
from limits.clock import Span
from limits.models import Usage, Window
from limits.recount import differences
from limits.windows import Key
from tests.limits.crowd import together
from tests.limits.stories import group, policy, release, reserve, settle
from tests.limits.stories import windows as sums

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_200_sends_at_once_against_a_quota_for_100_exactly_100_pass(alice: User) -> None:
    policy(output_tokens=90, tokens_per_day=100 * 100)
    outcomes = together([partial(reserve, alice, 10) for _ in range(200)])
    assert outcomes == {"passed": 100, "quota_day": 100}
    assert sums(alice)["day"] == (10_000, 0)
    assert not differences()


def test_of_200_sends_at_once_against_a_rate_of_100_exactly_100_pass(alice: User) -> None:
    policy(requests_per_minute=100)
    assert together([partial(reserve, alice) for _ in range(200)]) == {"passed": 100, "too_many": 100}
    assert Usage.objects.count() == 100


def test_members_who_send_at_once_never_overdraw_the_pool_they_share(alice: User, bob: User) -> None:
    team = group("Team", alice, bob)
    policy(team, output_tokens=90, tokens_per_month=100 * 60, shared_pool=True)
    people = cycle([alice, bob])
    outcomes = together([partial(reserve, next(people), 10) for _ in range(120)])
    assert outcomes == {"passed": 60, "quota_month": 60}
    assert sums(team) == {"month": (6000, 0)}
    assert sum(sums(person)["month"][0] for person in (alice, bob)) == 6000


def test_a_quota_is_never_overdrawn_while_replies_end_at_the_same_moment(alice: User) -> None:
    policy(output_tokens=90, tokens_per_day=100 * 40)
    running = [reserve(alice, 10)[0] for _ in range(32)]
    ends: list[Callable[[], object]] = [partial(settle, reply, 10, 40) for reply in running[:16]]
    ends += [partial(release, reply) for reply in running[16:]]
    sends: list[Callable[[], object]] = [partial(reserve, alice, 10) for _ in range(64)]
    outcomes = together([work for pair in zip(ends, sends[:32], strict=True) for work in pair] + sends[32:])
    assert outcomes["passed"] - len(ends) == Usage.objects.filter(state="reserved").count()
    reserved, used = sums(alice)["day"]
    assert used == 16 * 50
    assert reserved + used <= 4000
    assert not differences()


def test_a_reply_that_many_end_at_once_is_charged_once(alice: User) -> None:
    replies = [reserve(alice, 10)[0] for _ in range(8)]
    ends = [partial(settle, reply, 10, number) for reply in replies for number in range(15)]
    won = []

    def end(work: partial[bool]) -> None:
        if work():
            won.append(work.args[0])

    together([partial(end, work) for work in ends] + [partial(end, partial(release, reply)) for reply in replies])
    assert sorted(won) == sorted(replies)
    assert not differences()
    assert sums(alice)["day"][0] == 0


def test_people_who_draw_on_two_pools_in_turn_do_not_wait_in_a_ring(alice: User, bob: User) -> None:
    """Her day is shared by one group and her month by another; with him it is the other way round."""
    first, second = group("First"), group("Second")
    pairs = {alice: (first.pk, second.pk), bob: (second.pk, first.pk)}
    keys = {who: windows.keys_of(who.pk, datetime.now(UTC).date(), *pools) for who, pools in pairs.items()}

    def send_and_end(who: User) -> None:
        with transaction.atomic():
            windows.add(windows.lock(keys[who]).values(), reserved=10)
        with transaction.atomic():
            windows.add(windows.lock(keys[who]).values(), reserved=-10, used=3)

    people = cycle([alice, bob])
    assert together([partial(send_and_end, next(people)) for _ in range(160)]) == {"passed": 160}
    assert set(Window.objects.values_list("reserved", "used")) == {(0, 3 * 80)}
    assert Window.objects.count() == 8


def test_the_first_messages_of_a_day_do_not_wait_in_a_ring(alice: User, bob: User) -> None:
    """None of the windows is there yet, and who makes one holds it: of each pair of days some are made by either."""
    team = group("Team")
    days = [datetime(2026, 5, number, tzinfo=UTC).date() for number in (1, 2, 3)]
    for _ in range(4):
        Window.objects.all().delete()
        work = [
            partial(
                lock_and_add, windows.keys_of(who.pk, one, team.pk, None) + windows.keys_of(who.pk, other, None, None)
            )
            for who in (alice, bob)
            for one in days
            for other in days
            for _ in range(2)
        ]
        assert together(work) == {"passed": 36}
        assert sums(team) == {"day": (12, 0)}


def lock_and_add(keys: list[Key]) -> None:
    with transaction.atomic():
        windows.add(windows.lock(keys).values(), reserved=1)


def test_windows_are_locked_in_one_order_whatever_the_order_they_are_named_in(alice: User) -> None:
    one, other = group("One"), group("Other")
    day = datetime(2026, 5, 1, tzinfo=UTC).date()
    keys = windows.keys_of(alice.pk, day, other.pk, one.pk)
    guard = windows.guard_of(alice.pk, datetime(2026, 5, 1, 0, 0, 59, tzinfo=UTC))
    with transaction.atomic():
        locked = list(windows.lock([keys[3], keys[0], keys[2], keys[1], guard]))
    assert locked == [
        Key(False, alice.pk, Span.MONTH, datetime(2026, 4, 1, tzinfo=UTC).date()),
        Key(False, alice.pk, Span.MONTH, day),
        Key(False, alice.pk, Span.DAY, day),
        Key(True, one.pk, Span.MONTH, day),
        Key(True, other.pk, Span.DAY, day),
    ]


@pytest.mark.parametrize(("second", "month"), [(59, 4), (60, 5), (3600, 5)])
def test_in_the_first_minute_of_a_month_senders_still_meet_at_the_last_months_window(second: int, month: int) -> None:
    """Else two could send at midnight, each in a month of their own, and each see the other's message too late."""
    now = datetime.fromtimestamp(datetime(2026, 5, 1, tzinfo=UTC).timestamp() + second, UTC)
    assert windows.guard_of(1, now).start.month == month


def test_a_window_that_somebody_deleted_is_made_again(alice: User) -> None:
    reply, _ = reserve(alice)
    Window.objects.all().delete()
    assert settle(reply, 10, 20)
    assert sums(alice) == {"day": (0, 30), "month": (0, 30)}
    assert not settle(uuid4())

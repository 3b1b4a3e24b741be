"""Connections that break in the middle, midnights, tables that somebody changed: the sums stay those of the ledger."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import cycle
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, InterfaceError, connection, connections, transaction

from accounts.models import User
from limits import ledger, restraints, windows
from limits.clock import Span
from limits.models import Usage, Window
from limits.policies import limits_of
from limits.recount import differences
from limits.windows import Key
from tests.limits.crowd import together
from tests.limits.stories import group, policy, refusal, reserve, settle
from tests.limits.stories import windows as sums

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def elsewhere() -> Iterator[ThreadPoolExecutor]:
    """A thread with a connection of its own."""
    with ThreadPoolExecutor(1) as thread:
        yield thread
        thread.submit(connections.close_all).result()


def break_off() -> None:
    """What a killed process does to its connection: it ends, and nothing was committed."""
    assert connection.in_atomic_block
    connection.connection.close()


def reserve_and_die(person: User, reply: UUID) -> None:
    with transaction.atomic():
        ledger.reserve(person.pk, reply, "small", 10, limits_of(person.pk))
        break_off()


def settle_and_die(reply: UUID) -> None:
    with transaction.atomic():
        assert ledger.settle(reply, 10, 20, "complete")
        break_off()


def test_a_send_that_dies_before_its_end_reserves_nothing(alice: User, elsewhere: ThreadPoolExecutor) -> None:
    reply = uuid4()
    died = elsewhere.submit(reserve_and_die, alice, reply)
    assert isinstance(died.exception(10), DatabaseError | InterfaceError)
    assert not Usage.objects.exists()
    assert sums(alice) == {}
    reserve(alice, reply=reply)
    assert not differences()


def test_a_worker_that_dies_while_it_settles_leaves_that_to_the_next(
    alice: User, elsewhere: ThreadPoolExecutor
) -> None:
    reply, granted = reserve(alice)
    died = elsewhere.submit(settle_and_die, reply)
    assert isinstance(died.exception(10), DatabaseError | InterfaceError)
    assert sums(alice)["day"] == (10 + granted, 0)
    assert settle(reply, 10, 20)
    assert sums(alice)["day"] == (0, 30)


def test_a_refusal_that_is_caught_inside_the_transaction_changes_nothing(alice: User) -> None:
    policy(tokens_per_day=5)
    with transaction.atomic():
        assert refusal(alice).code == "quota_day"
    assert not Usage.objects.exists()
    assert not differences()


def test_at_midnight_on_the_first_the_rate_is_still_exact(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some of those who send at once read the clock before midnight, some after it."""
    policy(requests_per_minute=20)
    midnight = datetime(2026, 5, 1, tzinfo=UTC)
    before, after = midnight - timedelta(milliseconds=1), midnight + timedelta(seconds=30)
    times = cycle([before, midnight, before, after])
    monkeypatch.setattr(ledger, "_check_restraints", lambda user_id: (next(times), False))
    for _ in range(3):
        assert together([partial(reserve, alice) for _ in range(64)]) == {"passed": 20, "too_many": 44}
        assert set(Usage.objects.values_list("day", flat=True)) == {date(2026, 4, 30), date(2026, 5, 1)}
        assert not differences()
        Usage.objects.all().delete()
        Window.objects.all().delete()


def test_who_is_suspended_while_sending_gets_no_message_more_through(alice: User) -> None:
    restraints.suspend(alice, None, "")
    assert together([partial(reserve, alice) for _ in range(32)]) == {"suspended": 32}
    assert not Usage.objects.exists()


def test_who_is_slowed_gets_one_of_many_parallel_messages_through(alice: User) -> None:
    restraints.slow(alice, None, "")
    assert together([partial(reserve, alice) for _ in range(32)]) == {"passed": 1, "slowed": 31}


def test_a_sum_that_somebody_changed_never_falls_below_nothing(alice: User) -> None:
    reply, _ = reserve(alice)
    Window.objects.update(reserved=1)
    assert settle(reply, 10, 20)
    assert sums(alice) == {"day": (0, 30), "month": (0, 30)}
    assert not differences()


@pytest.mark.parametrize("subjects", [0, 2])
def test_a_window_is_a_persons_or_a_pools(alice: User, subjects: int) -> None:
    whose = {"user": alice, "group": group("Team")} if subjects else {}
    with pytest.raises(IntegrityError), transaction.atomic():
        Window.objects.create(kind="day", start=date(2026, 5, 1), **whose)


def test_a_window_is_there_once(alice: User) -> None:
    team = group("Team")
    day = date(2026, 5, 1)
    for whose in ({"user": alice}, {"group": team}):
        made = Window.objects.create(kind="month", start=day, **whose)
        assert str(made) == "month 2026-05-01"
        with pytest.raises(IntegrityError), transaction.atomic():
            Window.objects.create(kind="month", start=day, **whose)


def test_windows_that_are_not_there_are_looked_at_in_vain_and_locked_into_being(alice: User) -> None:
    team = group("Team")
    keys = [Key(False, alice.pk, Span.DAY, date(2026, 5, 1)), Key(True, team.pk, Span.DAY, date(2026, 5, 1))]
    assert windows.look(keys) == {}
    assert windows.look([]) == {}
    with transaction.atomic():
        assert list(windows.lock(keys)) == keys
    assert list(windows.look(keys)) == keys
    assert {(one.reserved, one.used) for one in windows.look(keys).values()} == {(0, 0)}

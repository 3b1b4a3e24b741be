"""The proof that windows are the ledger's sums: it sees every kind of damage, and the repair undoes it."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from limits.models import Usage, Window
from limits.recount import differences, repair
from tests.limits.stories import drop_empty_windows, group, move_to, policy, release, reserve, settle, used, windows

pytestmark = pytest.mark.django_db


@pytest.fixture
def history(alice: User, bob: User) -> None:
    """Replies of last month and of now, ended in every way, with and without a pool."""
    policy(group("Team", bob), tokens_per_day=10_000, tokens_per_month=100_000, shared_pool=True)
    used(alice, 10)
    used(bob, 20)
    move_to(date(2026, 2, 28))
    used(alice, 30)
    used(bob, 40)
    reserve(alice)
    reserve(bob)
    settle(reserve(bob)[0], 1, 2, "failed")
    release(reserve(alice)[0])
    drop_empty_windows()


def output(**options: bool) -> str:
    said = StringIO()
    call_command("recount_usage", stdout=said, **options)
    return said.getvalue()


@pytest.mark.usefixtures("history")
def test_all_windows_agree_with_the_ledger() -> None:
    assert Window.objects.count() == 12
    assert differences() == []
    assert output() == "All 12 windows agree with the ledger.\n"


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("column", ["reserved", "used"])
def test_each_window_that_was_changed_is_found_and_put_right(column: str) -> None:
    before = set(Window.objects.values_list("pk", "reserved", "used"))
    for window in Window.objects.all():
        Window.objects.filter(pk=window.pk).update(**{column: getattr(window, column) + 7})
        [found] = differences()
        assert (found.key.is_pool, found.key.start) == (window.group_id is not None, window.start)
        assert found.ledger == (window.reserved, window.used)
        assert repair([found]) == 1
        assert repair([found]) == 0
    assert set(Window.objects.values_list("pk", "reserved", "used")) == before


@pytest.mark.usefixtures("history")
def test_windows_that_were_deleted_are_made_again() -> None:
    columns = ("user", "group", "kind", "start", "reserved", "used")
    before = set(Window.objects.values_list(*columns))
    Window.objects.all().delete()
    assert repair(differences()) == 12
    assert set(Window.objects.values_list(*columns)) == before
    assert differences() == []


def test_a_window_without_any_row_is_found(alice: User) -> None:
    Window.objects.create(user=alice, kind="day", start=date(2026, 1, 2), used=5)
    [found] = differences()
    assert str(found) == (
        f"person {alice.pk}, day 2026-01-02: the ledger has 0 reserved and 0 used, the window 0 and 5"
    )


def test_rows_that_somebody_deleted_are_missed(bob: User) -> None:
    team = group("Team", bob)
    policy(team, tokens_per_day=10_000, shared_pool=True)
    used(bob, 20)
    Usage.objects.all().delete()
    assert {(found.key.is_pool, found.ledger, found.window) for found in differences()} == {
        (False, (0, 0), (0, 20)),
        (True, (0, 0), (0, 20)),
    }
    assert f"group {team.pk}, day " in str(differences()[-1])


def test_the_command_fails_until_it_has_repaired(alice: User) -> None:
    used(alice, 20)
    drop_empty_windows()
    Window.objects.update(used=1)
    with pytest.raises(CommandError, match="2 windows differ from the ledger; --repair puts them right"):
        output()
    assert Window.objects.filter(used=1).count() == 2, "without --repair it only looks"
    said = output(repair=True)
    assert said.count("the ledger has 0 reserved and 20 used, the window 0 and 1") == 2
    assert said.endswith("2 windows were put right.\n")
    assert output() == "All 2 windows agree with the ledger.\n"


def test_a_window_that_became_right_meanwhile_is_left_alone(alice: User) -> None:
    reply, _ = reserve(alice)
    Window.objects.update(used=9)
    found = differences()
    Window.objects.update(used=0)
    settle(reply, 10, 20)
    assert repair(found) == 0
    assert windows(alice)["day"] == (0, 30)

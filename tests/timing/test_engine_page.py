"""The Engine page shows what browsers saw beside the server's own figures, per model."""

import statistics
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from console import seen
from console.seen import Row, figures
from conversations.models import Message, Timing
from inference.model import Model
from tests.timing.stories import answered, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    monkeypatch.setattr(seen, "_last", [])


def live(client: Client, grace: User) -> str:
    client.force_login(grace)
    return client.get("/admin/engine/live/").content.decode()


def test_a_page_that_no_browser_told_anything_says_so(client: Client, grace: User) -> None:
    assert "No page told how long a reply took." in live(client, grace)


def test_what_browsers_saw_stands_beside_what_the_server_knows(client: Client, grace: User, alice: User) -> None:
    for first in (360, 380, 3700):
        told(alice, answered(alice, took_s=1.3, ttft_ms=first - 30), first, first + 1100)
    other = answered(alice, model="another")
    told(alice, other, 90, 95)
    (another, scripted) = seen.last_hour()
    assert (another.model, another.replies, another.first) == ("another", 1, seen.Spread(90, 90))
    assert (another.server_first, another.steady) == (seen.Spread(None, None), None)
    assert (scripted.first, scripted.server_first) == (seen.Spread(380, 3700), seen.Spread(350, 3670))
    assert (scripted.complete.p50, scripted.server_complete) == (1480, seen.Spread(1300, 1300))
    page = live(client, grace)
    assert '<td class="figure">380 ms / 3.7 s</td>' in page
    assert '<td class="figure">350 ms / 3.7 s</td>' in page
    assert '<td class="figure">1.3 s / 1.3 s</td>' in page


def test_what_is_older_than_an_hour_does_not_count(alice: User) -> None:
    told(alice, answered(alice))
    Timing.objects.update(at=Now() - timedelta(minutes=61))
    assert seen.last_hour() == []


def test_one_look_serves_for_ten_seconds(
    alice: User, django_assert_num_queries: Callable[[int], AbstractContextManager[None]]
) -> None:
    told(alice, answered(alice))
    with django_assert_num_queries(1):
        first = seen.last_hour()
        assert seen.last_hour() is first


def test_the_articles_figure_is_of_the_newest_fifty_without_their_ends(alice: User) -> None:
    rows = [Row(first, first + 1000, None, None) for first in (*[9999] * 30, *[1] * 5, *range(300, 340), *[1] * 5)]
    steady = figures("m", rows).steady
    assert steady
    assert (steady.replies, steady.first, steady.complete) == (40, 319.5, 1319.5)
    assert steady.first_deviation == steady.complete_deviation == statistics.stdev(range(40))
    assert figures("m", rows[:11]).steady is None
    few = figures("m", rows[:12]).steady
    assert few
    assert few.replies == 2


def test_the_page_writes_mean_and_deviation_as_the_article_does(client: Client, grace: User, alice: User) -> None:
    for number in range(20):
        told(alice, answered(alice), 327 + number % 2, 1420 + 40 * (number % 2))
    page = live(client, grace)
    assert "1.44 ± 0.02 s" in page
    assert "328 ± 1 ms" in page


rows = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=80)


@given(rows)
def test_half_and_95_of_100_were_no_slower(times: list[tuple[int, int]]) -> None:
    found = figures("m", [Row(first, first + more, None, None) for first, more in times])
    for spread, values in ((found.first, [one for one, _ in times]), (found.complete, [sum(one) for one in times])):
        assert spread.p50 is not None
        assert spread.p95 is not None
        assert min(values) <= spread.p50 <= spread.p95 <= max(values)
        assert sum(value <= spread.p50 for value in values) * 2 >= len(values)
        assert sum(value <= spread.p95 for value in values) >= 0.95 * len(values)


def test_timings_go_with_their_reply(alice: User) -> None:
    reply = answered(alice)
    told(alice, reply)
    Message.objects.get(pk=reply).delete()
    assert not Timing.objects.exists()

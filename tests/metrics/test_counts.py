"""What is counted where: one test for each thing that a dashboard draws and nobody would miss until it is wrong."""

import threading
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from accounts.models import User
from conversations.models import Message
from conversations.refusals import Refused
from conversations.replies import queue
from conversations.replies.sweeper import sweep
from conversations.services import stop
from inference.counting import Spread
from inference.events.client import blocking_client
from inference.metrics import ENGINES
from inference.model import Model
from tests.conversations.talk import reply_of, say
from tests.waiting import until
from tests.web import Web
from tests.workers import Hire


class Rise:
    """How much a sample has risen since this was made."""

    def __init__(self, name: str, **labels: str) -> None:
        self._key = (name, labels)
        self._before = self._now()

    def _now(self) -> float:
        name, labels = self._key
        return REGISTRY.get_sample_value(name, labels) or 0.0

    @property
    def by(self) -> float:
        return self._now() - self._before


def test_sends_are_counted_by_their_outcome(alice: User, model: Model) -> None:
    saved, empty = Rise("chatsite_sends_total", outcome="saved"), Rise("chatsite_sends_total", outcome="empty")
    say(alice)
    with pytest.raises(Refused):
        say(alice, " ")
    assert (saved.by, empty.by) == (1, 1)


@pytest.mark.usefixtures("empty_redis")
def test_a_reply_taken_from_a_silent_worker_is_a_lapse(
    alice: User, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.replies.sweeper._database_failed_at", float("-inf"))
    lapses, wait = Rise("chatsite_lease_lapses_total"), Rise("chatsite_queue_wait_seconds_count")
    sent = say(alice)
    assert queue.claim("scripted")
    assert (lapses.by, wait.by) == (0, 1)
    Message.objects.filter(pk=sent.reply).update(lease_until=Now() - timedelta(seconds=1))
    sweep()
    assert queue.claim("scripted")
    assert (lapses.by, wait.by) == (1, 1)


def test_a_reply_that_goes_on_elsewhere_is_one_reply_of_two_attempts(alice: User, hire: Hire, web: Web) -> None:
    first, on = Rise("chatsite_attempts_total", how="first"), Rise("chatsite_attempts_total", how="continuing")
    begun, ended = Rise("chatsite_time_to_first_token_seconds_count"), Rise("chatsite_replies_total", end="complete")
    written = Rise("chatsite_completion_tokens_total")
    one = hire(rate=5, tokens=40)
    sent = say(alice)
    reader = web.follow(sent.reply)
    done = one.ticket()
    reader.until(lambda screen: screen.text)
    assert (first.by, on.by, ended.by) == (1, 0, 0)
    one.leave()
    done.result(10)
    hire(tokens=40).ticket().result(10)
    assert reader.end().states == ["continuing"]
    assert (first.by, on.by, begun.by, ended.by) == (1, 1, 1, 1)
    assert written.by == reply_of(sent).completion_tokens == 40


@pytest.mark.parametrize("how", ["queued", "given up"])
def test_replies_that_end_without_an_engine_are_counted(alice: User, hire: Hire, how: str) -> None:
    stopped, failed = Rise("chatsite_replies_total", end="stopped"), Rise("chatsite_replies_total", end="failed")
    hired = hire()
    sent = say(alice)
    if how == "queued":
        stop(alice, sent.reply)
        stop(alice, sent.reply)
    else:
        row = Message.objects.filter(pk=sent.reply)
        row.update(state="writing", attempt=3, barren=queue.BARREN_ATTEMPTS, lease_until=None)
        hired.ticket().result(10)
    assert (stopped.by, failed.by) == ((1, 0) if how == "queued" else (0, 1))


def test_tickets_that_the_sweeper_replaces_are_counted(alice: User, model: Model) -> None:
    say(alice)
    sweeps, replaced = Rise("chatsite_sweeps_total"), Rise("chatsite_tickets_replaced_total")
    blocking_client().flushall()
    sweep()
    sweep()
    assert (sweeps.by, replaced.by) == (2, 1)


def test_a_worker_shows_its_engine_for_as_long_as_it_lives(hire: Hire) -> None:
    def ready() -> float | None:
        return REGISTRY.get_sample_value("chatsite_engine_ready", {"model": "scripted"})

    assert ready() is None
    hired = hire()
    assert ready() == 1
    assert REGISTRY.get_sample_value("chatsite_engine_slots", {"model": "scripted"}) == 32
    hired.leave()
    assert ready() is None
    assert list(ENGINES.collect()) == []


def test_a_refused_flush_and_a_follower_are_counted(alice: User, hire: Hire, web: Web) -> None:
    followers, lag = Rise("chatsite_followers"), Rise("chatsite_feed_lag_seconds_count")
    hired = hire(rate=200, tokens=2000)
    sent = say(alice)
    reader = web.follow(sent.reply)
    assert followers.by == 1
    unfenced = Rise("chatsite_flush_refusals_total", why="unfenced")
    done = hired.ticket()
    reader.until(lambda screen: screen.text)
    blocking_client().flushall()
    until(lambda: unfenced.by > 0, what="a refusal")
    stop(alice, sent.reply)
    reader.end()
    done.result(10)
    assert lag.by > 0
    until(lambda: followers.by == 0, what="the follower to leave")


values = st.lists(st.floats(0, 100, allow_nan=False), max_size=50)


@given(values)
def test_a_spread_is_what_prometheus_histogram_is(added: list[float]) -> None:
    spread = Spread("tests_spread_seconds", "Of this test.", (0.1, 1, 10))
    try:
        for value in added:
            spread.add(value)
        (family,) = spread.collect()
    finally:
        REGISTRY.unregister(spread)
    buckets = {one.labels["le"]: one.value for one in family.samples if one.name.endswith("_bucket")}
    assert buckets == {le: sum(value <= float(le) for value in added) for le in ("0.1", "1", "10", "+Inf")}
    sums = {one.name.rpartition("_")[2]: one.value for one in family.samples}
    assert sums["count"] == len(added)
    assert sums["sum"] == pytest.approx(sum(added))


def test_a_scrape_while_counting_never_fails() -> None:
    spread = Spread("tests_busy_seconds", "Of this test.", (0.1, 1))
    done = threading.Event()

    def count() -> None:
        while not done.is_set():
            spread.add(0.5)

    thread = threading.Thread(target=count)
    thread.start()
    try:
        for _ in range(200):
            (family,) = spread.collect()
            counts = [one.value for one in family.samples if one.name.endswith("_bucket")]
            assert counts == sorted(counts)
    finally:
        done.set()
        thread.join()
        REGISTRY.unregister(spread)

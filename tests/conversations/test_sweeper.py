"""The sweeper: whatever waits has a ticket, and nobody's reply is taken away after a fault of the database."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.db.utils import OperationalError
from redis import Redis

from accounts.models import User
from conversations.models import Message
from conversations.replies import queue, sweeper
from conversations.replies.tickets import queue_of, tickets_waiting
from inference.model import Model
from tests.conversations.talk import say, settle
from tests.workers import Hire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "_database_failed_at", float("-inf"))


def is_lapsed() -> bool:
    return Message.objects.filter(queue.LAPSED).exists()


def test_exactly_the_missing_tickets_are_queued(alice: User, model: Model, empty_redis: Redis) -> None:
    sent = [say(alice, str(number)) for number in range(5)]
    settle(sent[0])
    assert tickets_waiting(model.name) == 5
    sweeper.sweep()
    assert tickets_waiting(model.name) == 5, "more than enough"
    empty_redis.ltrim(queue_of(model.name), 0, 0)
    sweeper.sweep()
    assert tickets_waiting(model.name) == 4
    empty_redis.flushall()
    sweeper.sweep()
    sweeper.sweep()
    assert tickets_waiting(model.name) == 4


def test_replies_that_a_worker_left_get_tickets(alice: User, model: Model, empty_redis: Redis) -> None:
    silent, let_go, held = (say(alice, str(number)).reply for number in range(3))
    Message.objects.filter(role="assistant").update(state="writing", lease_until=Now() + timedelta(seconds=60))
    empty_redis.flushall()
    sweeper.sweep()
    assert tickets_waiting(model.name) == 0
    Message.objects.filter(pk=silent).update(lease_until=Now() - timedelta(seconds=1))
    Message.objects.filter(pk=let_go).update(lease_until=None)
    sweeper.sweep()
    assert tickets_waiting(model.name) == 2
    free = Message.objects.filter(queue.FREE)
    assert set(free.values_list("pk", flat=True)) == {silent, let_go}
    assert Message.objects.filter(pk=held, state="writing").exists()


def test_a_reply_whose_worker_went_silent_does_not_wait_behind_a_crowd(alice: User, hire: Hire) -> None:
    """A worker with one slot writes reply after reply on one ticket, as long as any waits."""
    crowd = [say(alice, f"{number}: @tokens=3") for number in range(3)]
    silent = say(alice, "@tokens=3").reply
    Message.objects.filter(pk=silent).update(state="writing", lease_until=Now() - timedelta(seconds=1))
    sweeper.sweep()
    hire().ticket().result(15)
    complete = Message.objects.filter(role="assistant", state="complete")
    order = list(complete.order_by("finished_at").values_list("pk", flat=True))
    assert order[0] == silent
    assert set(order[1:]) == {one.reply for one in crowd}


def test_after_the_database_failed_lapsed_leases_are_left_alone_for_a_while(
    alice: User, model: Model, empty_redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(alice)
    Message.objects.filter(role="assistant").update(state="writing", lease_until=Now() - timedelta(seconds=1))
    empty_redis.flushall()

    def broken(*_: object) -> None:
        raise OperationalError("gone")

    with connection.execute_wrapper(broken), pytest.raises(OperationalError):
        sweeper.sweep()
    sweeper.sweep()
    assert is_lapsed()
    assert tickets_waiting(model.name) == 0
    monkeypatch.setattr(sweeper, "_database_failed_at", sweeper._database_failed_at - 60)
    sweeper.sweep()
    assert not is_lapsed()
    assert tickets_waiting(model.name) == 1

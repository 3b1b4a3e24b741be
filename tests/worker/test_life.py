"""A worker comes, says that it is there, and goes without leaving anything or anybody behind."""

from concurrent.futures import wait

import pytest
from pytest_django import Settings

from accounts.models import User
from conversations.models import Message
from conversations.replies.tickets import tickets_waiting
from conversations.tasks import reply
from inference import presence, worker
from inference.events.client import async_client, blocking_client
from inference.events.writer import Writer
from inference.model import Model
from inference.protocol import EngineDead, EngineError
from inference.runner import Live
from inference.worker import Worker
from tests.conversations.talk import say
from tests.waiting import until
from tests.workers import STORY, Hire

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_worker_says_that_it_is_there_and_that_it_goes(hire: Hire, model: Model) -> None:
    redis = blocking_client()
    assert presence.state_of(redis, model.name) == "away"
    worker = hire()
    until(lambda: presence.state_of(redis, model.name) == "ready")
    (one,) = presence.engines(redis)
    assert (one.model, one.engine, one.slots, one.live) == (model.name, "scripted", model.slots, 0)
    assert presence.state_of(redis, "another model") == "away"
    worker.leave()
    assert presence.state_of(redis, model.name) == "away"
    assert presence.engines(redis) == []


def test_an_engine_that_does_not_start_says_why(hire: Hire) -> None:
    with pytest.raises(EngineError, match="told not to start"):
        hire(fail_start=True)


def test_a_worker_that_ends_in_a_crowd_lets_go_of_everything(alice: User, hire: Hire, settings: Settings) -> None:
    settings.REPLIES_AT_ONCE = 100
    sent = [say(alice, str(number)) for number in range(24)]
    worker = hire(text=STORY, rate=100)
    tickets = [worker.ticket() for _ in sent]
    until(lambda: len(worker.worker.live) >= 3, what="some to be written")
    worker.leave()
    assert not wait(tickets, timeout=15).not_done, "a thread waits for a loop that has ended"
    replies = Message.objects.filter(role="assistant")
    assert not replies.filter(lease_until__isnull=False).exists()
    assert set(replies.values_list("state", flat=True)) <= {"queued", "writing"}
    heir = hire(text=STORY)
    wait([heir.ticket() for _ in sent], timeout=60)
    assert list(replies.values_list("text", flat=True)) == [STORY] * len(sent)


def test_an_attempt_that_leaves_does_not_take_the_next_one_at_its_reply_with_it(model: Model) -> None:
    """It lets go of its reply, and another ticket has it again before the first has ended."""
    here, writer = Worker(model, "worker"), Writer(async_client())
    before, after = (Live("a reply", writer.channel("a reply", attempt, print)) for attempt in (1, 2))
    first, second = here.writing(before), here.writing(after)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert list(here.live.values()) == [after], "nobody would renew its lease or hand it over"
    second.__exit__(None, None, None)
    assert not here.live


def test_a_ticket_that_comes_after_the_end_does_not_wait_for_ever(
    alice: User, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(alice, "Hello")
    hired = hire()
    hired.leave()
    late = hired.ticket()
    assert isinstance(late.exception(timeout=15), EngineDead)
    monkeypatch.setattr(worker, "_current", hired.worker)
    before = tickets_waiting(hired.worker.model.name)
    reply()
    assert tickets_waiting(hired.worker.model.name) == before + 1, "another worker may take it at once"
    assert Message.objects.get(role="assistant").state == "queued"

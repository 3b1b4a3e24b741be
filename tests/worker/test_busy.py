"""An engine that asks to be left alone for a moment, as a server does that is busy or begins anew."""

import pytest

from accounts.models import User
from conversations.services import stop
from inference.protocol import EngineError
from inference.runner import Live
from tests.conversations.talk import reply_of, say
from tests.waiting import until
from tests.workers import STORY, Hire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it was left alone each time."""
    noted: list[float] = []
    pause = Live.pause

    async def noting(live: Live, seconds: float) -> None:
        noted.append(round(seconds, 3))
        await pause(live, seconds)

    monkeypatch.setattr(Live, "pause", noting)
    return noted


@pytest.fixture
def asks_for(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replies fail, and may be tried again after so many seconds, one after the other; then they go on."""
    times: list[float] = []

    def busy() -> EngineError:
        return EngineError("The server failed (status 429).", retry=True, after_s=times.pop(0) if times else 0.01)

    monkeypatch.setattr("inference.engines.scripted.speech._failure", busy)
    return times


def test_the_more_attempts_were_in_vain_the_longer_it_is_left_alone(
    alice: User, hire: Hire, pauses: list[float], asks_for: list[float]
) -> None:
    sent = say(alice)
    hire(fail_after=0).ticket().result(30)
    reply = reply_of(sent)
    assert (reply.state, reply.problem, reply.attempt) == ("failed", "gave_up", 4)
    assert pauses == [0.01, 0.02, 0.03]


def test_what_came_meanwhile_is_kept_and_it_goes_on(
    alice: User, hire: Hire, pauses: list[float], asks_for: list[float]
) -> None:
    sent = say(alice)
    hire(text=STORY, fail_after=200).ticket().result(30)
    reply = reply_of(sent)
    assert (reply.state, reply.text) == ("complete", STORY)
    assert len(pauses) == reply.attempt - 1 > 0
    assert set(pauses) == {0.01}, "none was in vain"


def test_a_stop_does_not_wait_for_it(alice: User, hire: Hire, pauses: list[float], asks_for: list[float]) -> None:
    asks_for.append(3600)
    sent = say(alice)
    ticket = hire(fail_after=0).ticket()
    until(lambda: pauses)
    stop(alice, sent.reply)
    ticket.result(15)
    assert (reply_of(sent).state, pauses) == ("stopped", [3600])


def test_a_worker_that_ends_does_not_wait_for_it(
    alice: User, hire: Hire, pauses: list[float], asks_for: list[float]
) -> None:
    asks_for.append(3600)
    sent = say(alice)
    worker = hire(fail_after=0)
    ticket = worker.ticket()
    until(lambda: pauses)
    worker.leave()
    ticket.result(15)
    row = reply_of(sent)
    assert (row.state, row.lease_until, row.attempt) == ("writing", None, 1)

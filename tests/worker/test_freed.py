"""What a reply held is freed as it ends, not by the next full garbage collection, up to a thousand replies later."""

import pytest

from accounts.models import User
from conversations.replies import keeper
from conversations.replies.attempt import Attempt
from conversations.services import stop
from inference.runner import Live
from tests.conversations.talk import say
from tests.freed import all_freed, held
from tests.web import Web
from tests.worker.test_rules import FILLER, WORD, rule
from tests.workers import STORY, Hire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_collection")]


def test_of_a_reply_that_is_complete(alice: User, hire: Hire) -> None:
    worker = hire(text=STORY)
    say(alice)
    worker.ticket().result(15)
    all_freed(Attempt, Live)


def test_of_one_that_rules_masked_and_one_that_they_blocked(alice: User, hire: Hire) -> None:
    rule("mask", "naïve")
    rule("block")
    for text in (STORY, FILLER + WORD + FILLER):
        worker = hire(text=text)
        say(alice)
        worker.ticket().result(15)
        all_freed(Attempt, Live)


def test_of_one_that_was_stopped(alice: User, hire: Hire, web: Web) -> None:
    worker = hire(text=STORY, rate=50)
    sent = say(alice)
    ticket = worker.ticket()
    web.follow(sent.reply).until(lambda screen: len(screen.text) > 50)
    assert held(Attempt, Live) == ["Attempt", "Live"], "a reply that is written is found"
    stop(alice, sent.reply)
    ticket.result(15)
    all_freed(Attempt, Live)


def test_of_one_that_its_keeper_looked_at(alice: User, hire: Hire, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """It sleeps on when the reply has ended."""
    worker = hire(text=STORY, rate=500)
    sent = say(alice)
    ticket = worker.ticket()
    web.follow(sent.reply).until(lambda screen: len(screen.text) > 50)
    monkeypatch.setattr(keeper, "STOPS_EVERY_S", 3600)  # from its next look on
    ticket.result(15)
    all_freed(Attempt, Live)


def test_of_one_whose_engine_failed_and_one_whose_engine_died(alice: User, hire: Hire) -> None:
    for fault in ({"fail_after": 20}, {"die_after": 150}):
        worker = hire(text=STORY, **fault)
        say(alice)
        worker.ticket().result(15)
        all_freed(Attempt, Live)


def test_of_one_that_was_handed_over(alice: User, hire: Hire, web: Web) -> None:
    worker = hire(text=STORY, rate=50)
    sent = say(alice)
    ticket = worker.ticket()
    web.follow(sent.reply).until(lambda screen: len(screen.text) > 50)
    worker.leave()
    ticket.result(15)
    all_freed(Attempt, Live)

"""A request that is sent again under its Idempotency-Key is answered once."""

from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from accounts.models import User
from conversations.api import standby
from conversations.models import Conversation, Message
from conversations.states import State
from limits.models import Usage
from tests.api.programs import CHAT, NewProgram, key_of, question
from tests.api.test_left import Line
from tests.waiting import until
from tests.web import Web
from tests.workers import STORY, Hired

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]

AtWork = Callable[..., Hired]
KEY = {"Idempotency-Key": "order 66"}


def replies() -> Any:
    return Message.objects.filter(role="assistant").order_by("created_at")


def test_an_answer_that_is_there_needs_no_engine(
    alice: User, program: NewProgram, at_work: AtWork, empty_redis: Redis
) -> None:
    at_work(text="Good morning.")
    hers = program(alice)
    first = hers.ask(question(), **KEY)
    empty_redis.delete("engine:one", "engines")
    standby.forget()
    second, other = hers.ask(question(), **KEY), hers.ask(question())
    assert (second.status, second.json["id"], second.said) == (200, first.json["id"], "Good morning.")
    assert (other.status, other.error["code"]) == (503, "engine_away")
    assert Usage.objects.count() == 1


@pytest.mark.parametrize("saves", [False, True])
def test_the_same_request_gets_the_same_answer(alice: User, program: NewProgram, at_work: AtWork, saves: bool) -> None:
    at_work(echo=True)
    hers = program(alice, saves=saves)
    first, second = (hers.ask(question(), **KEY) for _ in range(2))
    assert first.json["id"] == second.json["id"]
    assert first.json["choices"] == second.json["choices"]
    assert first.json["usage"] == second.json["usage"]
    assert Usage.objects.count() == 1
    stream = hers.ask(question(stream=True), **KEY)
    assert (stream.status, stream.error["code"]) == (409, "conflict")  # it is another body


def test_another_request_under_the_same_key_is_refused(alice: User, program: NewProgram, at_work: AtWork) -> None:
    at_work(text="Good morning.")
    hers = program(alice)
    assert hers.ask(question(), **KEY).status == 200
    answer = hers.ask(question("Something else"), **KEY)
    assert (answer.status, answer.error["code"]) == (409, "conflict")
    assert "Take a new key" in answer.error["message"]
    assert Usage.objects.count() == 1


def test_one_persons_key_is_not_anothers(alice: User, bob: User, program: NewProgram, at_work: AtWork) -> None:
    at_work(text="Good morning.")
    first, second = (program(who).ask(question(), **KEY) for who in (alice, bob))
    assert first.json["id"] != second.json["id"]


def test_sent_again_meanwhile_it_is_followed(alice: User, program: NewProgram, at_work: AtWork) -> None:
    at_work(text=STORY, rate=400)
    hers = program(alice)
    both = [hers.begin(CHAT, question(stream=True), **KEY) for _ in range(2)]
    texts = [one.result(20).told() for one in both]
    assert texts == [STORY, STORY]
    assert Usage.objects.count() == 1


def test_only_the_last_who_waits_stops_it(web: Web, alice: User, at_work: AtWork) -> None:
    worker = at_work(text=STORY, rate=20).worker
    secret = key_of(alice)[1]
    first = Line(web, secret, stream=True, again=KEY)
    first.heard(b"words")
    second = Line(web, secret, stream=True, again=KEY)
    second.heard(b"words")
    first.hang_up()
    second.heard(b"words")
    assert worker.live
    second.hang_up()
    until(lambda: not worker.live)
    assert Usage.objects.count() == 1


def test_one_who_joined_and_leaves_takes_the_answer_from_nobody(
    web: Web, alice: User, at_work: AtWork, empty_redis: Redis
) -> None:
    worker = at_work(text=STORY, rate=20).worker
    secret = key_of(alice)[1]
    first, second = (Line(web, secret, stream=True, again=KEY) for _ in range(2))
    for line in (first, second):
        line.heard(b"words")
    (counted,) = empty_redis.keys(f"*api:{replies().get().pk}")
    assert empty_redis.ttl(counted) > 3600, "forgotten earlier, the first who leaves would stop it"
    second.hang_up()
    assert not replies().get().stop_requested
    first.hang_up()
    until(lambda: not worker.live)


def test_an_answer_that_came_to_nothing_is_begun_again(
    web: Web, alice: User, program: NewProgram, engine_there: None, at_work: AtWork
) -> None:
    secret = key_of(alice)[1]
    line = Line(web, secret, again=KEY)
    until(lambda: replies().filter(state=State.QUEUED).exists())
    line.hang_up()
    assert replies().get().state == "stopped"
    at_work(echo=True)
    answer = Line(web, secret, again=KEY)
    answer.heard(b"chat.completion")
    answer.hang_up()  # which waits for the site's end with it
    assert [reply.state for reply in replies()] == ["stopped", "complete"]


def test_a_key_has_its_length(alice: User, program: NewProgram, engine_there: None) -> None:
    answer = program(alice).ask(question(), **{"Idempotency-Key": "x" * 256})
    assert (answer.status, answer.error["code"]) == (400, "invalid_value")
    assert not Conversation.objects.exists()

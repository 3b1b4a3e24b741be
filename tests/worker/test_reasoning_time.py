"""How long a reply reasoned: from its first reasoning to its first text, over all workers that had it."""

from typing import Any

import pytest
from django.utils import translation

from accounts.models import User
from conversations.models import Message
from conversations.services import stop
from inference.events.items import Part
from inference.runner import Live
from tests.conversations.pen import Take
from tests.conversations.talk import reply_of, say, settle
from tests.waiting import until
from tests.web import Web
from tests.workers import Hire

pytestmark = pytest.mark.django_db(transaction=True)

THOUGHTS = "a thought, " * 20  # 40 words


class Silent:
    """A channel that nobody reads."""

    sizes = (0, 0)
    epoch = 0

    def append(self, part: Part, text: str) -> None:
        pass


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is: the last of these."""
    times = [100.0]
    monkeypatch.setattr("inference.runner.time.monotonic", lambda: times[-1])
    return times


def live(**begun: Any) -> Live:
    one = Live("reply", Silent())  # type: ignore[arg-type]
    one.begin(**{"text": "", "reasoning": "", "prompt_tokens": 0, "tokens": 0, **begun})
    return one


def test_it_is_measured_to_the_first_text_and_no_further(clock: list[float]) -> None:
    reply = live()
    assert reply.reasoning_ms is None
    for at, part, so_far in (
        (101.0, Part.REASONING, 0),
        (104.0, Part.REASONING, 3000),
        (105.5, Part.TEXT, 4500),
        (110.0, Part.REASONING, 4500),
        (120.0, Part.TEXT, 4500),
    ):
        clock.append(at)
        reply._say(part, "x")
        assert reply.reasoning_ms == so_far
    clock.append(200.0)
    assert reply.reasoning_ms == 4500


def test_a_reply_without_reasoning_has_no_such_time(clock: list[float]) -> None:
    reply = live()
    reply._say(Part.TEXT, "x")
    clock.append(200.0)
    assert reply.reasoning_ms is None


def test_the_next_worker_counts_on(clock: list[float]) -> None:
    reply = live(reasoning="before", reasoning_ms=8000)
    assert reply.reasoning_ms == 8000, "the wait between two workers is not thinking"
    clock.append(150.0)
    reply._say(Part.REASONING, "x")
    clock.append(154.0)
    reply._say(Part.TEXT, "x")
    assert reply.reasoning_ms == 12000


def test_what_had_text_already_counts_no_more(clock: list[float]) -> None:
    reply = live(text="begun", reasoning="before", reasoning_ms=8000)
    reply._say(Part.REASONING, "x")
    clock.append(200.0)
    assert reply.reasoning_ms == 8000


def test_it_is_saved_and_told_at_the_end(alice: User, hire: Hire, web: Web) -> None:
    worker = hire(text="The answer.", reasoning=THOUGHTS, rate=100)
    sent = say(alice)
    reader = web.follow(sent.reply)
    worker.ticket().result(15)
    reply = reply_of(sent)
    assert reply.reasoning_ms is not None
    assert reply.reasoning_ms >= 200
    end = reader.end().end
    assert end is not None
    assert end["reasoning_ms"] == reply.reasoning_ms
    late = web.follow(sent.reply).end().end
    assert late is not None
    assert late["reasoning_ms"] == reply.reasoning_ms, "whoever comes later is told the same"


def test_a_reply_that_does_not_reason_tells_none(alice: User, hire: Hire, web: Web) -> None:
    worker = hire(text="The answer.")
    sent = say(alice)
    worker.ticket().result(15)
    assert reply_of(sent).reasoning_ms is None
    end = web.follow(sent.reply).end().end
    assert end is not None
    assert "reasoning_ms" not in end


def test_a_hand_over_while_it_reasons_keeps_the_time(alice: User, hire: Hire, web: Web) -> None:
    first, heir = hire(text="The answer.", reasoning=THOUGHTS, rate=50), hire(text="The answer.", reasoning=THOUGHTS)
    sent = say(alice)
    reader = web.follow(sent.reply)
    ticket = first.ticket()
    reader.until(lambda screen: len(screen.reasoning) > 60)
    first.leave()
    ticket.result(15)
    before = reply_of(sent)
    assert (before.state, before.text) == ("writing", "")
    assert before.reasoning_ms
    heir.ticket(lapsed=True).result(15)
    after = reply_of(sent)
    assert after.reasoning == THOUGHTS
    assert after.reasoning_ms is not None
    assert after.reasoning_ms >= before.reasoning_ms


def test_a_reply_that_is_stopped_while_it_reasons_has_its_time(alice: User, hire: Hire, web: Web) -> None:
    worker = hire(text="The answer.", reasoning=THOUGHTS * 20, rate=20)
    sent = say(alice)
    reader = web.follow(sent.reply)
    ticket = worker.ticket()
    reader.until(lambda screen: screen.reasoning)
    stop(alice, sent.reply)
    ticket.result(15)
    assert reply_of(sent).state == "stopped"
    assert reply_of(sent).reasoning_ms is not None


def test_a_page_that_comes_while_it_reasons_is_told_since_when(alice: User, take: Take, web: Web) -> None:
    sent = say(alice)
    pen = take()
    pen.say("Let me think.", Part.REASONING)
    Message.objects.filter(pk=sent.reply).update(reasoning_ms=4200)
    reader = web.follow(sent.reply)
    screen = reader.until(lambda screen: "started" in screen.types)
    assert [frame.get("reasoning_ms") for frame in screen.frames if frame["type"] == "started"] == [4200]
    pen.end()
    until(lambda: reader.end().end, what="the end")


@pytest.mark.parametrize(
    ("ms", "words", "chinese"),
    [
        (None, "", ""),
        (40, "Thought for 1 s", "思考了 1 秒"),
        (12_300, "Thought for 12 s", "思考了 12 秒"),
        (125_000, "Thought for 2 min 5 s", "思考了 2 分 5 秒"),
    ],
)
@pytest.mark.usefixtures("model")
def test_it_is_said_in_words(alice: User, ms: int | None, words: str, chinese: str) -> None:
    sent = say(alice)
    Message.objects.filter(pk=sent.reply).update(reasoning_ms=ms)
    assert reply_of(sent).reasoned == "", "not while it goes on"
    reply = settle(sent)
    assert reply.reasoned == words
    with translation.override("zh-hans"):
        assert reply.reasoned == chinese

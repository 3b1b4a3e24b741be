"""Titles by the model: after a first reply, in a slot that no reply needs, and never over what a person says."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest
from channels.layers import get_channel_layer
from pytest_django import Settings

from accounts.models import User
from conversations import hints, metrics
from conversations.models import Conversation
from conversations.replies import naming
from conversations.services import Sent
from inference.metrics import COMPLETION_TOKENS
from inference.protocol import Chunk, EngineError, Finish, Request
from inference.runner import Abort
from limits.models import Usage
from moderation.models import Incident, Rule
from tests.conversations.talk import reply_of, say
from tests.waiting import until
from tests.web import Web
from tests.workers import Hire, Hired

pytestmark = pytest.mark.django_db(transaction=True)

ASKED = "Could you tell me how to bake bread at home?"


class Title:
    """What the engine says when it is asked for a title, after it may; and whether it was."""

    def __init__(self, hired: Hired, said: str | EngineError) -> None:
        hired.worker.model = replace(hired.worker.model, titles=True)
        self.requests: list[Request] = []
        self._loop = hired.worker._loop
        self._may_end = asyncio.Event()
        self._may_end.set()
        self.closed = threading.Event()
        engine = hired.worker.run(hired.worker.engine())
        self._said, self._stream = said, engine.stream
        engine.stream = self.stream  # type: ignore[method-assign]

    def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        return self._title(request) if request.id.startswith("title-") else self._stream(request)

    def hold(self) -> None:
        self._may_end.clear()

    def let_go(self) -> None:
        self._loop.call_soon_threadsafe(self._may_end.set)

    async def _title(self, request: Request) -> AsyncGenerator[Chunk, None]:
        self.requests.append(request)
        try:
            yield Chunk(reasoning="It wants a title. ", prompt_tokens=9, completion_tokens=4)
            await self._may_end.wait()
            if isinstance(self._said, EngineError):
                raise self._said
            yield Chunk(self._said, prompt_tokens=9, completion_tokens=6, finish=Finish.STOP)
        finally:
            self.closed.set()


def counted(outcome: str) -> float:
    return float(metrics.TITLES.labels(outcome)._value.get())


def answered(alice: User, worker: Hired, text: str = ASKED, **more: Any) -> Sent:
    """A conversation with its first reply, and no title asked for any more."""
    sent = say(alice, text, **more)
    worker.ticket().result(15)
    until(lambda: not worker.worker._spare)
    return sent


def title_of(sent: Sent) -> tuple[str, str]:
    found = Conversation.objects.get(pk=sent.conversation.pk)
    return found.title, found.titled_by


def test_the_model_names_a_conversation_after_its_first_reply(alice: User, hire: Hire) -> None:
    worker = hire(text="Take flour and water.")
    title = Title(worker, '**"Baking bread at home."**\nI hope you like it.')
    before, written = counted("given"), COMPLETION_TOKENS.value
    sent = answered(alice, worker)
    assert title_of(sent) == ("Baking bread at home", "model")
    (request,) = title.requests
    assert (request.effort, request.sampling.max_tokens) == (None, 32)
    assert ASKED in request.turns[-1].text
    assert "Take flour and water." in request.turns[-1].text
    assert counted("given") == before + 1
    assert COMPLETION_TOKENS.value == written + reply_of(sent).completion_tokens + 6
    entry = Usage.objects.get()
    assert entry.charged == reply_of(sent).prompt_tokens + reply_of(sent).completion_tokens
    say(alice, "And cake?", sent.conversation)
    worker.ticket().result(15)
    until(lambda: not worker.worker._spare)
    assert len(title.requests) == 1


def test_the_persons_tabs_are_told(alice: User, bob: User, hire: Hire, web: Web) -> None:
    layer = get_channel_layer()
    hers = web.run(layer.new_channel())
    his = web.run(layer.new_channel())
    web.run(hints.listen(layer, alice.pk, hers))
    web.run(hints.listen(layer, bob.pk, his))
    worker = hire()
    Title(worker, "Baking bread")
    sent = answered(alice, worker)
    told = web.run(layer.receive(hers))
    assert told["frame"] == {"type": "title", "conversation": str(sent.conversation.pk), "title": "Baking bread"}
    with pytest.raises(TimeoutError):
        web.run(asyncio.wait_for(layer.receive(his), 0.1))


def test_a_title_that_a_person_gave_meanwhile_stays(alice: User, hire: Hire) -> None:
    worker = hire()
    title = Title(worker, "Baking bread")
    title.hold()
    sent = say(alice, ASKED)
    worker.ticket().result(15)
    until(lambda: title.requests)
    Conversation.objects.update(title="My bread", titled_by="person")
    before = counted("kept")
    title.let_go()
    until(lambda: not worker.worker._spare)
    assert (title_of(sent), counted("kept")) == (("My bread", "person"), before + 1)


@pytest.mark.parametrize("said", ["", "…", '""', "\u202e\u200b"])
def test_nothing_is_no_title(alice: User, hire: Hire, said: str) -> None:
    worker = hire()
    Title(worker, said)
    assert title_of(answered(alice, worker)) == (ASKED, "text")


def test_an_error_leaves_the_title_and_the_worker_as_they_are(alice: User, hire: Hire, sigterms: list[int]) -> None:
    worker = hire()
    Title(worker, EngineError("no"))
    before = counted("given_up")
    assert title_of(answered(alice, worker)) == (ASKED, "text")
    assert counted("given_up") == before + 1
    worker.leave()
    assert sigterms == []


def test_it_takes_no_longer_than_its_patience(alice: User, hire: Hire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "PATIENCE_S", 0.5)
    worker = hire()
    title = Title(worker, "Late")
    title.hold()
    assert title_of(answered(alice, worker)) == (ASKED, "text")
    assert title.closed.is_set()


def test_a_reply_that_needs_the_slot_gets_it(alice: User, bob: User, hire: Hire) -> None:
    worker = hire(tokens=5)
    title = Title(worker, "Late")
    worker.worker.model = replace(worker.worker.model, slots=1)
    title.hold()
    hers = say(alice, ASKED)
    worker.ticket().result(15)
    until(lambda: title.requests)
    his = say(bob, "Quick!")
    worker.ticket().result(15)
    assert title.closed.is_set()
    assert (reply_of(his).state, title_of(hers)) == ("complete", (ASKED, "text"))


def test_without_a_free_slot_none_is_asked_for(alice: User, bob: User, hire: Hire) -> None:
    worker = hire(rate=20, directives=True)
    title = Title(worker, "Never")
    worker.worker.model = replace(worker.worker.model, slots=1)
    slow = say(bob, "@tokens=2000 Long.")
    writing = worker.ticket()
    until(lambda: worker.worker.live)
    answered_meanwhile = say(alice, "@tokens=2 @rate=2000 Short.")
    worker.ticket().result(15)
    until(lambda: not worker.worker._spare)
    assert (title.requests, title_of(answered_meanwhile)[1]) == ([], "text")
    for live in worker.worker.live.values():
        live.abort(Abort.STOPPED)
    writing.result(15)
    assert reply_of(slow).state == "stopped"


def test_a_worker_that_ends_gives_it_up(alice: User, hire: Hire) -> None:
    worker = hire()
    title = Title(worker, "Late")
    title.hold()
    sent = say(alice, ASKED)
    worker.ticket().result(15)
    until(lambda: title.requests)
    worker.leave()
    assert title.closed.is_set()
    assert title_of(sent) == (ASKED, "text")


def test_rules_for_titles_and_for_replies_hold(alice: User, hire: Hire) -> None:
    fields: dict[str, Any] = {"kind": "words", "message": "", "dry_run": False}
    Rule.objects.create(name="one", scope="reply", action="block", words="loaf", **fields)
    Rule.objects.create(name="two", scope="prompt", action="block", words="crumb", **fields)
    Rule.objects.create(name="three", scope="reply", action="mask", words="yeast", **fields)
    worker = hire(text="Take flour.")
    for said, title in (("A loaf", ASKED), ("A crumb", ASKED), ("Of yeast", "Of █████")):
        Title(worker, said)
        assert title_of(answered(alice, worker))[0] == title
    assert not Incident.objects.exists()


def test_the_site_and_the_catalog_may_say_no(alice: User, hire: Hire, settings: Settings) -> None:
    worker = hire()
    title = Title(worker, "Never")
    settings.TITLES = False
    answered(alice, worker)
    settings.TITLES = True
    worker.worker.model = replace(worker.worker.model, titles=False)
    answered(alice, worker)
    assert title.requests == []


def test_a_reply_that_failed_or_was_stopped_names_nothing_but_one_that_was_cut_does(alice: User, hire: Hire) -> None:
    worker = hire(directives=True)
    title = Title(worker, "Cut short")
    answered(alice, worker, "@fail_after=2 Fail")
    assert title.requests == []
    worker.worker.model = replace(worker.worker.model, reasoning=True)
    sent = answered(alice, worker, "@tokens=5000 Cut")
    assert (reply_of(sent).state, title_of(sent)) == ("cut", ("Cut short", "model"))
    (request,) = title.requests
    assert (request.effort, request.sampling.max_tokens) == ("low", 288)


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("Baking bread at home", "Baking bread at home"),
        ("one two three four five six seven", "one two three four five six…"),
        ("\n\n# Title: **Baking bread.**", "Baking bread"),
        ("标题：《在家烤面包》。", "在家烤面包"),
        ("这是一个关于如何在家里面烤出好吃面包的非常长的标题", "这是一个关于如何在家里面烤出好吃面包的非…"),
        ("用 Python 写一个快速排序", "用 Python 写一个快速排序"),
        ("“Don't panic”", "Don't panic"),
        ("- 3.5 per cent", "3.5 per cent"),
        ("What is a monad?", "What is a monad?"),
        ("\u202eevil\u0007", "evil"),
        ("***", ""),
        ("🚀", ""),
        ("", ""),
    ],
)
def test_a_title_is_one_short_line_without_marks(said: str, title: str) -> None:
    assert naming.cleaned(said) == title

"""What changes while a request is being answered: it is answered to its end, and the next one meets the change."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from accounts import api_keys
from accounts.models import ApiKey, User
from inference.protocol import Chunk, Request
from limits.models import Policy, Usage
from tests.api.programs import CHAT, MODEL, NewProgram, Program, question
from tests.limits.stories import policy, used
from tests.web import PATIENCE_S
from tests.workers import STORY, Hired

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]

AtWork = Callable[..., Hired]


class Halt:
    """A worker's engine says the first words of one reply, and the rest when it ``may_go_on``."""

    def __init__(self, hired: Hired) -> None:
        self.reached, self.may_go_on = threading.Event(), threading.Event()
        self._engine = hired.worker.run(hired.worker.engine())
        self._stream = self._engine.stream
        self._engine.stream = self._halting  # type: ignore[method-assign]

    async def _halting(self, request: Request) -> AsyncGenerator[Chunk, None]:
        async with aclosing(self._stream(request)) as chunks:
            async for chunk in chunks:
                yield chunk
                if chunk.text and not self.reached.is_set():
                    self.reached.set()
                    assert await asyncio.to_thread(self.may_go_on.wait, PATIENCE_S)


@pytest.fixture
def halt(at_work: AtWork) -> Iterator[Halt]:
    made = Halt(at_work(text=STORY, rate=5000))
    yield made
    made.may_go_on.set()


@pytest.fixture
def answered_over(alice: User, program: NewProgram, halt: Halt) -> Callable[..., Program]:
    """A program whose stream is in its middle as ``change`` happens, and which hears all of it."""

    def tell(change: Callable[[], object]) -> Program:
        hers = program(alice)
        answer = hers.begin(CHAT, question(stream=True))
        assert halt.reached.wait(PATIENCE_S)
        change()
        assert Usage.objects.get(model=MODEL, outcome="").state == "reserved"
        halt.may_go_on.set()
        heard = answer.result(PATIENCE_S)
        assert (heard.status, heard.told(), heard.is_done) == (200, STORY, True)
        assert heard.events[-1]["choices"][0]["finish_reason"] == "stop"
        assert Usage.objects.filter(model=MODEL, outcome="complete", completion_tokens__gt=0).exists()
        return hers

    return tell


@pytest.mark.parametrize(
    ("over", "stream"),
    [
        (lambda: api_keys.revoke(ApiKey.objects.all(), by=None), False),
        (lambda: ApiKey.objects.update(expires_at=Now() - timedelta(seconds=1)), True),
    ],
)
def test_its_key_is_revoked_or_expires(
    answered_over: Callable[..., Program], over: Callable[[], object], stream: bool
) -> None:
    refused = answered_over(over).ask(question(stream=stream))
    assert (refused.status, refused.error["code"]) == (401, "invalid_api_key")
    assert Usage.objects.count() == 1


def test_its_owner_may_no_longer_use_the_api(alice: User, answered_over: Callable[..., Program]) -> None:
    refused = answered_over(lambda: policy(alice, may_use_api=False)).ask(question())
    assert (refused.status, refused.error["code"]) == (403, "api_not_allowed")


def test_the_quota_is_used_up_elsewhere(alice: User, answered_over: Callable[..., Program]) -> None:
    """What the stream may cost was reserved before its first word, so nobody else can have used that."""
    policy(alice, tokens_per_day=5000)
    refused = answered_over(lambda: used(alice, 5000)).ask(question())
    assert (refused.status, refused.error["code"]) == (429, "insufficient_quota")


def test_the_quota_becomes_smaller_than_what_is_reserved(alice: User, answered_over: Callable[..., Program]) -> None:
    policy(alice, tokens_per_day=5000)
    refused = answered_over(lambda: Policy.objects.update(tokens_per_day=1)).ask(question())
    assert (refused.status, refused.error["code"]) == (429, "insufficient_quota")


def test_two_streams_at_once_do_not_get_more_than_the_quota(alice: User, program: NewProgram, halt: Halt) -> None:
    """The first has reserved all that there is, though it has used little yet."""
    policy(alice, tokens_per_day=300)
    hers = program(alice)
    first = hers.begin(CHAT, question(stream=True, max_tokens=280))
    assert halt.reached.wait(PATIENCE_S)
    refused = hers.ask(question(stream=True, max_tokens=280))
    assert (refused.status, refused.error["code"]) == (429, "insufficient_quota")
    halt.may_go_on.set()
    heard = first.result(PATIENCE_S)
    assert STORY.startswith(heard.told())
    assert (heard.events[-1]["choices"][0]["finish_reason"], heard.is_done) == ("length", True)
    assert 280 < Usage.objects.get().charged <= 300

"""A client that goes away frees the engine, whatever its reply was doing."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from asgiref.testing import ApplicationCommunicator

from accounts.models import User
from conversations import services
from conversations.models import Conversation, Message
from conversations.states import State
from limits.models import Usage
from tests.api.programs import CHAT, key_of, question
from tests.tabs import HOST, site
from tests.waiting import until
from tests.web import Web
from tests.workers import STORY, Hired

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]

AtWork = Callable[..., Hired]


BODY, START = "http.response.body", "http.response.start"


def full(application: Any, at: str) -> Any:
    """The site behind a server whose client takes nothing from here on."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        async def take(message: Any) -> None:
            if message["type"] == at:
                await asyncio.Event().wait()
            await send(message)

        await application(scope, receive, take)

    return answer


class Line:
    """A connection to the site, as a server has it; ``hang_up`` is what the server says when the client has gone."""

    def __init__(
        self, web: Web, secret: str, *, again: dict[str, str] | None = None, full_at: str = "", **more: Any
    ) -> None:
        self._web, self._full_at = web, full_at
        body = orjson.dumps(question("Tell me a story.", **more))
        headers = {"host": HOST, "authorization": f"Bearer {secret}", "content-type": "application/json"}
        headers |= {name.lower(): value for name, value in (again or {}).items()}
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "path": CHAT,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        web.run(self._open(body))

    async def _open(self, body: bytes) -> None:
        made: Any = ApplicationCommunicator
        self._line = made(full(site(), self._full_at) if self._full_at else site(), self._scope)
        await self._line.send_input({"type": "http.request", "body": body})

    def heard(self, what: bytes) -> None:
        """Returns when this has come."""

        async def listen() -> None:
            said = b""
            while what not in said:
                said += (await self._line.receive_output(10)).get("body", b"")

        self._web.run(listen())

    def hang_up(self) -> None:
        async def hang() -> None:
            await self._line.send_input({"type": "http.disconnect"})
            await self._line.wait(10)

        self._web.run(hang())

    def is_open(self) -> bool:
        return not self._line.future.done()


@pytest.fixture
def call(web: Web, alice: User) -> Callable[..., Line]:
    return lambda **more: Line(web, key_of(alice, saves=more.pop("saves", False))[1], **more)


@pytest.mark.parametrize("stream", [False, True])
def test_while_it_waits(call: Callable[..., Line], engine_there: None, stream: bool) -> None:
    line = call(stream=stream)
    until(lambda: Message.objects.filter(state=State.QUEUED).exists())
    line.hang_up()
    assert not Conversation.objects.exists()
    assert Usage.objects.get().state == "released"


@pytest.mark.parametrize("stream", [False, True])
def test_while_it_is_written(call: Callable[..., Line], at_work: AtWork, stream: bool) -> None:
    worker = at_work(text=STORY, rate=20).worker
    line = call(stream=stream)
    if stream:
        line.heard(b"words")
    until(lambda: any(live.text for live in worker.live.values()))
    line.hang_up()
    until(lambda: not worker.live)
    reply = Message.objects.get(role="assistant")
    assert until(lambda: Message.objects.get(pk=reply.pk).state == "stopped")
    used = Usage.objects.get()
    assert (used.outcome, used.state) == ("stopped", "settled")
    assert 0 < used.completion_tokens < 200


def test_while_it_is_being_saved(
    call: Callable[..., Line], engine_there: None, monkeypatch: pytest.MonkeyPatch, web: Web
) -> None:
    """The transaction is not undone: whoever waits for it stops what it made."""
    begun, may_go_on, send = threading.Event(), threading.Event(), services.send

    def slowly(*args: Any, **more: Any) -> Any:
        begun.set()
        assert may_go_on.wait(10)
        return send(*args, **more)

    monkeypatch.setattr(services, "send", slowly)
    line = call(stream=True)
    assert begun.wait(10)
    hanging = asyncio.run_coroutine_threadsafe(line._line.send_input({"type": "http.disconnect"}), web.loop)
    hanging.result(10)
    may_go_on.set()
    until(lambda: not line.is_open())
    assert Usage.objects.get().state == "released"
    assert not Conversation.objects.exists()


def test_a_chat_that_is_kept_stays_with_what_was_said(call: Callable[..., Line], at_work: AtWork) -> None:
    at_work(text=STORY, rate=50)
    line = call(stream=True, saves=True)
    line.heard(b"words")
    line.hang_up()
    reply = until(lambda: Message.objects.filter(role="assistant", state="stopped").first())
    assert reply
    assert reply.text
    assert STORY.startswith(reply.text)


def test_a_client_that_stays_until_the_end_stops_nothing(call: Callable[..., Line], at_work: AtWork) -> None:
    at_work(text=STORY)
    line = call(stream=True)
    line.heard(b"[DONE]")
    line.hang_up()
    assert Usage.objects.get().outcome == "complete"
    assert until(lambda: not Conversation.objects.exists())


def test_a_client_that_does_not_read_and_goes_away(web: Web, alice: User, at_work: AtWork) -> None:
    """The site waits for it in the middle of a piece: no event of the reply's would wake it."""
    worker = at_work(text=STORY, rate=20).worker
    line = Line(web, key_of(alice)[1], stream=True, full_at=BODY)
    line.heard(b"")
    until(lambda: any(live.text for live in worker.live.values()))
    line.hang_up()
    until(lambda: not worker.live, 20)
    assert until(lambda: Message.objects.filter(role="assistant", state="stopped").exists())


def test_a_client_whose_line_is_full_before_the_answer_begins(web: Web, alice: User, at_work: AtWork) -> None:
    """It asked again on a connection of which it does not read: nobody asks the stream that was made for anything."""
    worker = at_work(text=STORY, rate=20).worker
    line = Line(web, key_of(alice)[1], stream=True, full_at=START)
    until(lambda: any(live.text for live in worker.live.values()))
    line.hang_up()
    until(lambda: not worker.live)
    assert until(lambda: Message.objects.filter(role="assistant", state="stopped").exists())

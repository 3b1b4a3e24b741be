"""One person with an expensive conversation and many tabs: the others do not wait for them."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from channels.testing import WebsocketCommunicator
from django.test import AsyncClient

from accounts.models import User
from conversations import database, news, streams, views
from conversations.consumers import TOO_FAST, ChatConsumer
from conversations.models import Conversation
from inference.model import Model
from tests.conversations.talk import say, settle
from tests.web import PATIENCE_S

pytestmark = pytest.mark.django_db(transaction=True)
TABS = 2 * database.THREADS


class Slow:
    """Work that goes on until ``end``; counts how many do it at once."""

    def __init__(self) -> None:
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()
        self._go_on = threading.Event()

    def instead_of(self, function: Callable[..., Any], person: User) -> Callable[..., Any]:
        def slowly(*arguments: Any) -> Any:
            if person in arguments:
                with self._lock:
                    self._now += 1
                    self.most = max(self.most, self._now)
                self._go_on.wait(10)
                self._now -= 1
            return function(*arguments)

        return slowly

    def end(self) -> None:
        self._go_on.set()


@pytest.fixture
def conversation(model: Model, mallory: User) -> Conversation:
    sent = say(mallory)
    settle(sent)
    return sent.conversation


@pytest.fixture
def slow(mallory: User, monkeypatch: pytest.MonkeyPatch, no_connections_left: None) -> Iterator[Slow]:
    """Mallory's pages."""
    work = Slow()
    for module, name in ((news, "since"), (views, "_chat")):
        monkeypatch.setattr(module, name, work.instead_of(getattr(module, name), mallory))
    yield work
    work.end()


@pytest.mark.parametrize("door", ["/c/{}/news", "/c/{}/"])
async def test_pages_of_one_person_are_made_one_after_the_other(
    conversation: Conversation, bob: User, slow: Slow, door: str
) -> None:
    hog, other = AsyncClient(), AsyncClient()
    await hog.aforce_login(conversation.owner)
    await other.aforce_login(bob)
    loads = [asyncio.create_task(hog.get(door.format(conversation.pk))) for _ in range(TABS)]
    await asyncio.sleep(0.3)
    began = time.monotonic()
    assert (await other.get(door.format(uuid4()))).status_code == 404
    assert time.monotonic() - began < 5
    slow.end()
    assert {answer.status_code for answer in await asyncio.gather(*loads)} == {200}
    assert slow.most == 1


async def test_long_messages_count_for_many_and_one_alone_is_answered(
    mallory: User, model: Model, no_connections_left: None
) -> None:
    """Their tokens are counted, which takes a processor as long as many frames."""
    socket = WebsocketCommunicator(ChatConsumer.as_asgi(), "/ws/")
    socket.scope |= {"user": mallory, "cookies": {}, "session": SimpleNamespace(session_key="")}
    await socket.connect(PATIENCE_S)
    for _ in range(40):  # in the time that they take, some are earned
        await socket.send_json_to({"type": "send", "client_id": str(uuid4()), "text": "x" * 200_000})
    heard = [(await socket.receive_json_from(PATIENCE_S))["type"] for _ in range(4)]
    assert heard[:3] == ["hello", "refused", "refused"]
    while (last := await socket.receive_output(PATIENCE_S))["type"] == "websocket.send":
        heard.append(last)
    assert last["code"] == TOO_FAST
    await socket.disconnect()


async def test_a_frame_that_costs_much_counts_for_many(
    conversation: Conversation, mallory: User, no_connections_left: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def costly(user: User, conversation_id: UUID, after: UUID | None) -> Any:
        empty: frozenset[UUID] = frozenset()
        return SimpleNamespace(frame={"type": "messages"}, replies=empty, unfinished=empty, seconds=20.0)

    monkeypatch.setattr(news, "since", costly)
    socket = WebsocketCommunicator(ChatConsumer.as_asgi(), "/ws/")
    socket.scope |= {"user": mallory, "cookies": {}, "session": SimpleNamespace(session_key="")}
    await socket.connect(PATIENCE_S)
    for _ in range(3):
        await socket.send_json_to({"type": "open", "conversation": str(conversation.pk)})
    heard = [(await socket.receive_json_from(PATIENCE_S))["type"] for _ in range(3)]
    assert heard == ["hello", "messages", "error"]
    assert (await socket.receive_output(PATIENCE_S))["code"] == TOO_FAST
    await socket.disconnect()


async def test_nobody_takes_all_sockets(
    mallory: User, bob: User, model: Model, no_connections_left: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST_SOCKETS", 2)

    async def opened(user: User) -> tuple[WebsocketCommunicator, str]:
        socket = WebsocketCommunicator(ChatConsumer.as_asgi(), "/ws/")
        socket.scope |= {"user": user, "cookies": {}, "session": SimpleNamespace(session_key="")}
        await socket.connect(PATIENCE_S)
        heard = await socket.receive_json_from(PATIENCE_S)
        return socket, heard.get("code", heard["type"])

    hers = [await opened(mallory) for _ in range(3)]
    his = await opened(bob)
    assert [said for _, said in (*hers, his)] == ["hello", "hello", "too_many_sockets", "hello"]
    assert (await hers[2][0].receive_output(PATIENCE_S))["code"] == TOO_FAST
    await hers[0][0].disconnect()
    again = await opened(mallory)
    assert again[1] == "hello"
    for socket in (hers[1][0], his[0], again[0], hers[2][0]):
        await socket.disconnect()

"""A socket does not outlive the session that opened it."""

import asyncio
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.models import RequiredSecondFactor, User
from chatsite.asgi import application
from conversations import signed_in
from conversations.signed_in import SignedIn
from inference.model import Model
from tests.web import PATIENCE_S

pytestmark = pytest.mark.django_db(transaction=True)
NOT_SIGNED_IN = 4401


def sign_out(client: Client, person: User) -> None:
    client.logout()


def switch_off(client: Client, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


def new_password(client: Client, person: User) -> None:
    person.set_password("another password")
    person.save()


def end_all_by_hand(client: Client, person: User) -> None:
    User.objects.filter(pk=person.pk).update(session_generation=F("session_generation") + 1)


def expire(client: Client, person: User) -> None:
    Session.objects.update(expire_date=timezone.now())


def ask_for_a_second_factor(client: Client, person: User) -> None:
    group = Group.objects.create(name="Team")
    person.groups.add(group)
    RequiredSecondFactor.objects.create(group=group)


ENDS = [sign_out, switch_off, new_password, end_all_by_hand, expire, ask_for_a_second_factor]


def stay(client: Client, person: User) -> None:
    """Nothing happens."""


@pytest.fixture
def at_once(no_connections_left: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets look at each frame."""
    monkeypatch.setattr(signed_in, "AGAIN_S", 0.0)


@pytest.mark.parametrize(("event", "answer"), [*((event, "close") for event in ENDS), (stay, "pong")])
@pytest.mark.parametrize("looks_before", [0, 2])
@pytest.mark.usefixtures("at_once")
async def test_a_socket_ends_with_its_session(
    model: Model, alice: User, event: Callable[[Client, User], None], answer: str, looks_before: int
) -> None:
    """What was remembered of a look before does not hold any longer than the session."""
    client = Client()
    await sync_to_async(client.force_login)(alice)
    headers = [(b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())]
    headers += [(b"host", b"localhost"), (b"origin", b"http://localhost")]
    socket = WebsocketCommunicator(application, "/ws/", headers)
    await socket.connect(PATIENCE_S)
    assert (await socket.receive_json_from(PATIENCE_S))["type"] == "hello"
    for _ in range(looks_before):
        await socket.send_json_to({"type": "ping"})
        assert (await socket.receive_json_from(PATIENCE_S))["type"] == "pong"
    await sync_to_async(event)(client, alice)
    await socket.send_json_to({"type": "ping"})
    if answer == "close":
        assert (await socket.receive_output(PATIENCE_S))["code"] == NOT_SIGNED_IN
    else:
        assert (await socket.receive_json_from(PATIENCE_S))["type"] == answer
    await socket.disconnect()


async def test_who_ask_at_the_same_time_share_a_look(
    alice: User, bob: User, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    long_way: list[int] = []
    held, is_held = signed_in._held, SignedIn.is_held

    def look(these: Sequence[SignedIn]) -> set[SignedIn]:
        asked.append(len(these))
        return held(these)

    def look_alone(one: SignedIn) -> bool:
        long_way.append(one.user_id)
        return is_held(one)

    monkeypatch.setattr(signed_in, "_held", look)
    monkeypatch.setattr(SignedIn, "is_held", look_alone)
    monkeypatch.setattr(signed_in, "TOGETHER_S", 0.0)
    sessions = []
    for person in (alice, bob):
        client = Client()
        await sync_to_async(client.force_login)(person)
        sessions += [SignedIn(client.session, person) for _ in range(20)]
    for _ in range(2):
        assert all(await asyncio.gather(*(session.holds() for session in sessions)))
    await sync_to_async(switch_off)(client, bob)
    told = await asyncio.gather(*(session.holds() for session in sessions))
    assert told == [True] * 20 + [False] * 20
    assert asked == [40, 40, 40]
    assert len(long_way) == 40


@pytest.mark.parametrize(("fault", "answer"), [(DatabaseError, True), (ValueError, None)])
async def test_a_look_that_fails_keeps_nobody_waiting(
    alice: User, at_once: None, monkeypatch: pytest.MonkeyPatch, fault: type[Exception], answer: bool | None
) -> None:
    def fail(sessions: object) -> None:
        raise fault

    monkeypatch.setattr(signed_in, "_held", fail)
    session = SignedIn(SimpleNamespace(session_key="x"), alice)
    for _ in range(2):
        if answer is None:
            with pytest.raises(fault):
                await session.holds()
        else:
            assert await session.holds() is answer

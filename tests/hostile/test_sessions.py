"""A socket does not outlive the session that opened it."""

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.test import Client

from accounts.models import User
from chatsite.asgi import application
from conversations import signed_in
from inference.model import Model

pytestmark = pytest.mark.django_db(transaction=True)
NOT_SIGNED_IN = 4401


def sign_out(client: Client, person: User) -> None:
    client.logout()


def switch_off(client: Client, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


def new_password(client: Client, person: User) -> None:
    person.set_password("another password")
    person.save()


def stay(client: Client, person: User) -> None:
    """Nothing happens."""


@pytest.fixture
def at_once(no_connections_left: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets look at each frame."""
    monkeypatch.setattr(signed_in, "AGAIN_S", 0.0)


@pytest.mark.parametrize(
    ("event", "answer"), [(sign_out, "close"), (switch_off, "close"), (new_password, "close"), (stay, "pong")]
)
async def test_a_socket_ends_with_its_session(
    model: Model, alice: User, at_once: None, event: Callable[[Client, User], None], answer: str
) -> None:
    client = Client()
    await sync_to_async(client.force_login)(alice)
    headers = [(b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())]
    headers += [(b"host", b"localhost"), (b"origin", b"http://localhost")]
    socket = WebsocketCommunicator(application, "/ws/", headers)
    await socket.connect()
    assert (await socket.receive_json_from())["type"] == "hello"
    await sync_to_async(event)(client, alice)
    await socket.send_json_to({"type": "ping"})
    if answer == "close":
        assert (await socket.receive_output())["code"] == NOT_SIGNED_IN
    else:
        assert (await socket.receive_json_from())["type"] == answer
    await socket.disconnect()

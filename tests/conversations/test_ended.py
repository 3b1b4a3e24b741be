"""A session that ends closes its sockets and event streams at once; of who is suspended, replies stop too."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.test import AsyncClient

from accounts import sessions
from accounts.models import RequiredSecondFactor, User
from conversations import ended
from conversations.models import Conversation, Message
from conversations.services import stop
from conversations.states import State
from inference.model import Model
from limits import restraints
from tests.conversations.talk import say
from tests.tabs import OpenTab
from tests.web import Web

pytestmark = pytest.mark.django_db(transaction=True)
NOT_SIGNED_IN = 4401


def suspend(person: User) -> None:
    restraints.suspend(person, None, "")


def switch_off(person: User) -> None:
    person.is_active = False
    person.save()


def new_password(person: User) -> None:
    person.set_password("another password")
    person.save()


def sign_out_everywhere(person: User) -> None:
    sessions.end_all(person, stops=False)


EVENTS = [suspend, switch_off, new_password, sign_out_everywhere]


@pytest.mark.parametrize("event", EVENTS)
def test_a_silent_socket_is_closed_at_once(
    model: Model, alice: User, bob: User, open_tab: OpenTab, event: Callable[[User], None]
) -> None:
    hers, bobs = open_tab(alice), open_tab(bob)
    for tab in (hers, bobs):
        tab.next("hello")
    event(alice)
    assert hers.closed() == NOT_SIGNED_IN
    bobs.say(type="ping")
    bobs.next("pong")
    assert bobs.code is None


@pytest.mark.parametrize(("event", "state"), [(suspend, State.STOPPED), (switch_off, State.STOPPED)])
@pytest.mark.parametrize("kind", ["chat", "api"])
def test_what_waits_is_stopped(model: Model, alice: User, event: Callable[[User], None], state: str, kind: str) -> None:
    sent = say(alice, "A question")
    Conversation.objects.update(kind=kind)
    event(alice)
    assert Message.objects.get(pk=sent.reply).state == state


def test_a_reply_that_ends_and_goes_meanwhile_keeps_no_other_from_being_stopped(
    model: Model, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a program asked for is purged as soon as it was told."""
    sent = [say(alice, str(number)).reply for number in range(3)]
    left: list[Message] = []

    def slowly(user: User, reply: UUID, kind: str) -> None:
        if not left:
            Message.objects.filter(pk=next(one for one in sent if one != reply)).delete()
            left.extend(Message.objects.filter(pk__in=sent))
        stop(user, reply, kind)

    monkeypatch.setattr(ended, "stop", slowly)
    suspend(alice)
    assert {one.state for one in Message.objects.filter(pk__in=sent)} == {State.STOPPED}
    assert len(left) == 2


def test_a_new_password_stops_no_reply(model: Model, alice: User) -> None:
    sent = say(alice, "A question")
    new_password(alice)
    assert Message.objects.get(pk=sent.reply).state == State.QUEUED


def test_what_is_being_written_is_asked_to_stop(model: Model, alice: User) -> None:
    sent = say(alice, "A question")
    Message.objects.filter(pk=sent.reply).update(state=State.WRITING)
    suspend(alice)
    assert Message.objects.get(pk=sent.reply).stop_requested


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_stream_ends_at_once(model: Model, alice: User, web: Web, event: Callable[[User], None]) -> None:
    reply = say(alice, "A question").reply
    stream = web.run(opened(alice, reply))
    assert b"event: queued" in web.run(one(stream))
    event(alice)
    assert b"event: done" not in web.run(rest(stream))


async def opened(person: User, reply: Any) -> AsyncIterator[bytes]:
    client = AsyncClient()
    await client.aforce_login(person)
    response: Any = await client.get(f"/replies/{reply}/events")
    return aiter(response.streaming_content)


async def one(stream: AsyncIterator[bytes]) -> bytes:
    return await anext(stream)


async def rest(stream: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in stream])


def test_a_socket_wants_the_second_factor_that_is_required(model: Model, alice: User, open_tab: OpenTab) -> None:
    open_tab(alice).next("hello")
    group = Group.objects.create(name="Careful")
    group.user_set.add(alice)
    RequiredSecondFactor.objects.create(group=group)
    assert open_tab(alice).closed() == NOT_SIGNED_IN

"""A legal hold is put on at the moment in which something is deleted: one of both is first, and the other knows."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections, transaction

from accounts.models import User
from audit import holds
from audit.models import Hold
from conversations import branches, deletion, sharing, shelf
from conversations.api.purge import purge
from conversations.models import Conversation, Message, Share
from retention import erasing, sweeping
from retention.erasing import Stays
from tests.retention.stories import rule, talk

pytestmark = pytest.mark.django_db(transaction=True)

AT_LEAST_S = 0.2  # for the second to come to where it has to wait
PATIENCE_S = 15

Beside = Callable[[Callable[[], Any]], "Future[Any]"]


@pytest.fixture
def beside() -> Iterator[Beside]:
    """Runs something on another thread, with a connection of its own."""
    with ThreadPoolExecutor(1) as threads:

        def run(call: Callable[[], Any]) -> Any:
            try:
                return call()
            finally:
                connections.close_all()

        yield lambda call: threads.submit(run, call)


def reply(of: Conversation) -> Any:
    return Message.objects.get(conversation=of, role="assistant").pk


def trashed(alice: User) -> Conversation:
    return talk(alice, days=99, trashed_at=True)


def asked(alice: User) -> Conversation:
    """What a program asked, and nobody keeps."""
    one = talk(alice)
    Conversation.objects.filter(pk=one.pk).update(kind=Conversation.Kind.API)
    return one


Story = tuple[Callable[[User], Conversation], Callable[[User, Conversation], Any]]
DELETING: dict[str, Story] = {
    "a conversation": (trashed, lambda alice, one: shelf.delete(alice, frozenset({one.pk}))),
    "a message": (talk, lambda alice, one: branches.erase(alice, reply(one))),
    "an account": (talk, lambda alice, _one: erasing.erase(alice, by=None)),
    "what is due": (trashed, lambda _alice, _one: sweeping.sweep()),
    "what a program asked": (asked, lambda alice, one: purge(one.pk, alice.pk)),
    "a snapshot": (talk, lambda alice, _one: sharing.revoke(alice, Share.objects.get().pk)),
}


@pytest.mark.parametrize("what", DELETING)
def test_what_comes_after_a_hold_deletes_nothing(alice: User, grace: User, beside: Beside, what: str) -> None:
    begin, delete = DELETING[what]
    rule("trash", 30)
    one = begin(alice)
    with transaction.atomic():
        holds.put_on(alice, "A court asked for it", grace)
        second = beside(lambda: delete(alice, one))
        with pytest.raises(TimeoutError):
            second.result(AT_LEAST_S)
    error = second.exception(PATIENCE_S)
    assert error is None or isinstance(error, Stays)
    assert Message.objects.count() == 2
    assert Share.objects.get().messages


@pytest.mark.parametrize("what", ["a conversation", "a message", "what is due"])
def test_a_hold_waits_for_what_began_before_it(
    alice: User, grace: User, beside: Beside, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """So that whoever put it on knows: what is there now stays."""
    begin, delete = DELETING[what]
    rule("trash", 30)
    one = begin(alice)
    puts: list[Future[Any]] = []
    for name in ("delete", "delete_messages"):
        real = getattr(deletion, name)

        def deleting(ids: Any, real: Any = real) -> Any:
            puts.append(beside(lambda: holds.put_on(alice, "A court asked for it", grace)))
            with pytest.raises(TimeoutError):
                puts[-1].result(AT_LEAST_S)
            assert not Hold.objects.exists()
            return real(ids)

        monkeypatch.setattr(deletion, name, deleting)
    delete(alice, one)
    (put,) = puts
    assert put.result(PATIENCE_S).user_id == alice.pk
    assert not Message.objects.filter(role="assistant").exists()

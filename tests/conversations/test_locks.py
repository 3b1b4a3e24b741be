"""Rows are locked in one order, so that of two who change the same things one waits for the other, and never both.

On PostgreSQL only: SQLite lets one write at a time.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections, transaction

from accounts.models import User
from conversations import shelf
from conversations.branches import erase
from conversations.models import Conversation, Folder, Message, Tag
from conversations.replies import held, queue
from conversations.search import index
from conversations.shelf import names
from conversations.states import State
from inference.model import Model
from tests.branches.stories import once_more, stopped, talk
from tests.conversations.talk import reply_of, say
from tests.waiting import until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("model"),
    pytest.mark.skipif(not connection.features.has_select_for_update, reason="SQLite locks everything at once"),
]


def meanwhile(act: Callable[[], Any]) -> "Future[Any]":
    """In a transaction of its own, which has come to wait for the present one when this returns."""

    def there() -> Any:
        try:
            return act()
        finally:
            connections.close_all()

    threads = ThreadPoolExecutor(1)
    acting = threads.submit(there)
    threads.shutdown(wait=False)
    until(lambda: acting.done() or _somebody_waits(), what="the other to wait")
    return acting


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def two_talks(user: User, **more: Any) -> list[Conversation]:
    """By their ids; in the table the second stands first."""
    made = [Conversation.objects.create(pk=UUID(int=n), owner=user, client_id=uuid4(), **more) for n in (2, 1)]
    return made[::-1]


@pytest.mark.parametrize("kind", [Folder, Tag])
def test_a_folder_or_a_tag_that_is_deleted_waits_for_a_verb_with_its_conversations(
    alice: User, *, kind: names.Kind
) -> None:
    label = kind.objects.create(owner=alice, name="Plans")
    one, two = two_talks(alice)
    label.conversations.set([one, two])
    with transaction.atomic():
        Conversation.objects.filter(pk=one.pk).held().get()
        deleting = meanwhile(lambda: names.delete(alice, kind, label.pk))
        shelf.pin(alice, frozenset({one.pk, two.pk}))
    deleting.result(30)
    assert Conversation.objects.filter(pinned_at__isnull=False, folder=None, tags=None).count() == 2


def test_who_erases_what_a_reply_continues_does_not_wait_for_its_end_which_waits_for_them(
    alice: User, model: Model
) -> None:
    old = stopped(alice)
    new = once_more(alice, old, goes_on=True)
    reply = queue.claim(model.name)
    assert reply
    fields = {"state": State.COMPLETE, "text": "All of it", "prompt_tokens": 20, "completion_tokens": 9}
    with transaction.atomic():
        Conversation.objects.filter(pk=old.conversation_id).held().get()
        ending = meanwhile(lambda: held.end(reply, fields))
        erase(alice, old.pk)
    assert ending.result(30) is True
    assert (reply_of(new).state, reply_of(new).continues) == ("complete", None)


def test_an_end_that_another_attempt_won_changes_nothing(alice: User, model: Model) -> None:
    once_more(alice, stopped(alice), goes_on=True)
    reply = queue.claim(model.name)
    assert reply
    before = Conversation.objects.get().updated_at
    reply.attempt += 1
    assert held.end(reply, {"state": State.COMPLETE, "prompt_tokens": 20, "completion_tokens": 9}) is False
    assert Conversation.objects.get().updated_at == before
    assert reply_of(reply.pk).state == "writing"


def test_the_search_takes_in_a_message_of_a_conversation_that_somebody_holds(alice: User) -> None:
    """Who sends waits for no batch of the index, nor it for them; and who erases waits for it, not it for them too."""
    _, reply = talk(alice, "one")
    with transaction.atomic():
        Conversation.objects.filter(pk=reply.conversation_id).held().get()
        indexing = meanwhile(index.catch_up)
        assert indexing.result(30) > 0
        erase(alice, reply.pk)
    assert not Message.objects.filter(pk=reply.pk).exists()


def test_nobody_has_more_in_writing_than_allowed_though_two_workers_claim_at_the_same_moment(
    alice: User, model: Model
) -> None:
    """The second passes over the row that the first has locked, and cannot see yet that it is in writing."""
    for number in range(2):
        say(alice, str(number))
    Message.objects.filter(role="assistant").update(at_once=1)
    with transaction.atomic():
        assert queue.claim(model.name)
        second = meanwhile(lambda: queue.claim(model.name))
    assert second.result(5) is None

"""What nobody waited for goes after a while, and nothing else does."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from redis import Redis

from accounts.models import User
from conversations import tasks
from conversations.api.purge import purge, purge_old
from conversations.calls import Call
from conversations.models import Conversation, IndexEntry, Message
from conversations.search import index
from conversations.services import Draft, Sent, send
from inference.events.items import FEED
from inference.protocol import Turn
from limits.models import Usage
from tests.conversations.talk import say, settle
from tests.workers import Hire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]


def call(user: User, text: str = "Hello?", *, saves: bool = False) -> Sent:
    earlier = (Turn("user", "Marmalade?"), Turn("assistant", "Yes."))
    return send(user, Draft(uuid4(), text, call=Call(uuid4(), earlier, saves=saves)))


def long_ago(*conversations: UUID) -> None:
    Conversation.objects.filter(pk__in=conversations).update(updated_at=timezone.now() - timedelta(minutes=11))


def test_only_old_ones_of_programs_whose_replies_have_ended_go(alice: User) -> None:
    kept, chat, recent, waiting, over = (
        call(alice, saves=True),
        say(alice),
        call(alice),
        call(alice),
        call(alice),
    )
    for sent in (kept, chat, recent, over):
        settle(sent)
    long_ago(*(sent.conversation.pk for sent in (kept, chat, waiting, over)))
    assert purge_old() == 1
    here = {sent.conversation.pk for sent in (kept, chat, recent, waiting)}
    assert set(Conversation.objects.values_list("pk", flat=True)) == here
    assert not Message.objects.filter(conversation=over.conversation).exists()
    assert Usage.objects.count() == 5
    long_ago(recent.conversation.pk)
    tasks.purge_api()
    assert not Conversation.objects.filter(pk=recent.conversation.pk).exists()


def test_the_feed_keeps_none_of_their_text_on_a_quiet_site(empty_redis: Redis) -> None:
    long_ago = empty_redis.time()[0] * 1000 - 60_000
    empty_redis.xadd(FEED, {"b": b"Marmalade"}, id=f"{long_ago}-0")
    now = empty_redis.xadd(FEED, {"b": b"Good morning"})
    tasks.purge_api()
    assert [entry for entry, _ in empty_redis.xrange(FEED) or ()] == [now]


def test_none_goes_while_it_is_written_or_where_it_is_a_chat(alice: User) -> None:
    waiting, chat = call(alice), say(alice)
    settle(chat)
    assert not purge(waiting.conversation.pk, alice.pk)
    assert not purge(chat.conversation.pk, alice.pk)
    assert not purge(uuid4(), alice.pk)
    settle(waiting)
    assert purge(waiting.conversation.pk, alice.pk)
    assert Conversation.objects.get() == chat.conversation


def test_no_search_ever_has_it(alice: User) -> None:
    program, chat = call(alice), say(alice, "Marmalade!")
    for sent in (program, chat):
        settle(sent)
    index.catch_up()
    index.again()
    index.titles_again()
    assert set(IndexEntry.objects.values_list("conversation", flat=True)) == {chat.conversation.pk}
    kept = call(alice, saves=True)
    settle(kept)
    index.catch_up()
    assert IndexEntry.objects.filter(conversation=kept.conversation.pk, message__isnull=False).count() == 4


def test_no_title_is_asked_for_it(alice: User, hire: Hire) -> None:
    worker = hire(text="Good morning.")
    sent = send(alice, Draft(uuid4(), "Hello?", call=Call(uuid4())))
    worker.ticket().result(15)
    sent.conversation.refresh_from_db()
    assert (sent.conversation.title, sent.conversation.titled_by) == ("", "text")

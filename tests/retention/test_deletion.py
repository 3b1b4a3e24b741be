"""Deletion that really deletes, and its receipt."""

import hashlib
from typing import Any

import pytest
import redis
from django.db import connection

from accounts.models import User
from audit.models import Receipt
from audit.receipts import Gone
from conversations import deletion, shelf
from conversations.markdown import finished
from conversations.models import Message
from inference.events import forgetting
from inference.events.items import FEED, FIELD, Part, pack, unpack
from tests.retention.stories import talk

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "Zanzibar-7f3a"


def test_nothing_of_it_is_left(alice: User, empty_redis: redis.Redis) -> None:
    one = talk(alice, text=f"The word is {SECRET}", trashed_at=None)
    message = Message.objects.get(conversation=one, role="user")
    assert SECRET in message.html
    empty_redis.set(f"reply:{message.pk}:t", SECRET)
    empty_redis.hset(f"reply:{message.pk}", "attempt", 1)
    empty_redis.xadd(FEED, {FIELD: pack([(str(message.pk), 1, 0, int(Part.TEXT), 0, SECRET.encode())])}, id="1-1")
    shelf.trash(alice, frozenset({one.pk}))
    shelf.delete(alice, frozenset({one.pk}))
    assert finished._kept.get(message.pk.hex) is None
    assert empty_redis.keys("reply:*") == []
    entries: Any = empty_redis.xrange(FEED)
    feed = [item for _at, entry in entries for item in unpack(entry[FIELD])]
    assert {item[3] for item in feed} == {Part.GONE}
    assert {item[0] for item in feed} >= {str(message.pk)}
    assert not holding(SECRET)


def holding(word: str) -> list[str]:
    """Tables of the database with the word in a row."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - tables that are there
            if any(word.lower() in str(row).lower() for row in cursor.fetchall()):
                found.append(table)
    return found


def test_the_look_for_the_word_finds_it_where_it_is(alice: User) -> None:
    talk(alice, text=f"The word is {SECRET}")
    assert {"conversations_message", "conversations_share"} <= set(holding(SECRET))


def test_other_processes_hear_of_it(alice: User) -> None:
    message = Message.objects.get(conversation=talk(alice), role="user")
    assert message.html
    assert finished._kept.get(message.pk.hex)
    forgetting.hear(str(message.pk))
    assert finished._kept.get(message.pk.hex) is None


def test_exports_hear_of_it(alice: User) -> None:
    heard: list[object] = []

    def hear(conversations: list[object], **more: object) -> None:
        heard.extend(conversations)

    deletion.deleted.connect(hear)
    one = talk(alice, trashed_at=None)
    shelf.trash(alice, frozenset({one.pk}))
    shelf.delete(alice, frozenset({one.pk}))
    deletion.deleted.disconnect(hear)
    assert heard == [one.pk]


def test_the_sum_is_over_the_sorted_ids(alice: User) -> None:
    gone = Gone()
    assert not gone
    gone.add("message", [3, 20, 3])
    gone.add("draft", [7])
    gone.add("share", [])
    assert gone.counts == {"draft": 1, "message": 2}
    assert gone.digest == hashlib.sha256(b"draft 7\nmessage 20\nmessage 3\n").hexdigest()


def test_a_receipt_says_no_word(alice: User) -> None:
    one = talk(alice, text=SECRET)
    shelf.trash(alice, frozenset({one.pk}))
    shelf.delete(alice, frozenset({one.pk}))
    receipt = Receipt.objects.get()
    assert receipt.why == "owner"
    assert receipt.counts["message"] == 2
    assert SECRET not in str(vars(receipt))


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_sqlite_overwrites_what_is_deleted() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete")
        assert cursor.fetchone()[0] == 1

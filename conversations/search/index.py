"""Keeps up with what is said: messages and titles are put into the index soon after, in the background.

What is not there yet is found by indexes of the database, and marked in its own row: nobody has to tell, so nothing is
forgotten, and a send costs nothing more. Replies come when they have ended; one that a rule blocked never does.
"""

import hashlib
import time
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from conversations.models import Conversation, IndexEntry, Message
from conversations.models.conversation import RETITLED
from conversations.search.stores import store
from conversations.search.terms import terms
from conversations.states import UNFINISHED, State

BATCH = 50  # rows written at once: on SQLite nobody else writes meanwhile
LONGEST_S = 20.0
WEEK_MS = 7 * 24 * 3600 * 1000
Row = tuple[IndexEntry, Sequence[str], Sequence[str]]  # with its terms and its labels


def catch_up(most_s: float = LONGEST_S) -> int:
    """Index what waits, the oldest first, for so long; how many rows it was. Others may do so at the same time."""
    until, done = time.monotonic() + most_s, 0
    while count := _messages() or _titles():
        done += count
        if time.monotonic() > until:
            break
    return done


def again(after: UUID | None = None, most: int = BATCH) -> Sequence[UUID]:
    """Index the next messages once more, in the order of their ids; which ones."""
    chats = Message.objects.filter(conversation__kind=Conversation.Kind.CHAT)  # others are in no search
    rows = chats.exclude(state__in=UNFINISHED).order_by("pk")
    found = _read((rows.filter(pk__gt=after) if after else rows)[:most])
    _write(found, once_more=True)
    return [message.pk for message in found]


def titles_again() -> int:
    """Index all titles once more; how many."""
    Conversation.objects.filter(kind=Conversation.Kind.CHAT).update(indexed_title="")
    count = 0
    while done := _titles():
        count += done
    return count


def before_words(owner: int, *, of_titles: bool = False) -> str:
    """What is before each term, so that a search reads the owner's own and no other."""
    return f"{owner}t~" if of_titles else f"{owner}~"


def of_week(owner: int, number: int) -> str:
    """Since 1970."""
    return f"{owner}~~w{number}"


def of_role(owner: int, name: str) -> str:
    return f"{owner}~~r{name}"


def of_model(owner: int, name: str) -> str:
    return f"{owner}~~m{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def of_conversation(owner: int, pk: UUID) -> str:
    return f"{owner}~~c{pk.hex[:12]}"


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def waiting() -> QuerySet[Message]:
    """What is not in the index yet. Asked for so that no database takes the index of states for it."""
    return Message.objects.filter(indexed_at=None).exclude(state__in=UNFINISHED).order_by("created_at", "position")


class _Said(NamedTuple):
    """What the index needs of a message. Made ten times as fast as a model's instance."""

    pk: UUID
    conversation_id: UUID
    owner_id: int
    role: str
    model: str
    state: str
    text: str
    created_at: datetime


def _read(messages: QuerySet[Message]) -> list[_Said]:
    about = ("pk", "conversation_id", "conversation__owner_id", "role", "model", "state", "text", "created_at")
    return [_Said(*row) for row in messages.values_list(*about)]


def _messages() -> int:
    began = time.monotonic()
    found = _read(waiting()[:BATCH])
    _write(found)
    if found and store().ONE_WRITER:
        time.sleep(time.monotonic() - began)  # who sends a message must get a turn
    return len(found)


def _write(found: Sequence[_Said], *, once_more: bool = False) -> None:
    rows = {message.pk: _row(message) for message in found if message.text and message.state != State.BLOCKED}
    with transaction.atomic():
        locked = Message.objects.select_for_update(skip_locked=not once_more, no_key=True)
        locked = locked.filter(pk__in=[message.pk for message in found])
        here = list((locked if once_more else locked.filter(indexed_at=None)).values_list("pk", flat=True))
        IndexEntry.objects.filter(message__in=here).delete()
        store().write([rows[pk] for pk in here if pk in rows])
        Message.objects.filter(pk__in=here, indexed_at=None).update(indexed_at=Now())


def _row(message: _Said) -> Row:
    owner, at = message.owner_id, milliseconds(message.created_at)
    entry = IndexEntry(conversation_id=message.conversation_id, message_id=message.pk, at=at)
    labels = [
        of_week(owner, at // WEEK_MS),
        of_role(owner, message.role),
        of_conversation(owner, message.conversation_id),
    ]
    if message.model:
        labels.append(of_model(owner, message.model))
    return entry, terms(message.text, before_words(owner)), labels


def _titles() -> int:
    with transaction.atomic():
        waiting = Conversation.objects.filter(RETITLED).order_by("pk").only("owner", "title", "created_at")
        found = list(waiting.select_for_update(skip_locked=True, no_key=True)[:BATCH])
        here = [conversation.pk for conversation in found]
        IndexEntry.objects.filter(conversation__in=here, message=None).delete()
        store().write([_title_row(conversation) for conversation in found])
        Conversation.objects.filter(pk__in=here).update(indexed_title=F("title"))
    return len(found)


def _title_row(conversation: Conversation) -> Row:
    entry = IndexEntry(conversation_id=conversation.pk, at=milliseconds(conversation.created_at))
    labels = [of_conversation(conversation.owner_id, conversation.pk)]
    return entry, terms(conversation.title, before_words(conversation.owner_id, of_titles=True)), labels

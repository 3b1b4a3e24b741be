"""Deleting what was said so that nothing of it is left: rows, search, drafts, shares, live texts, rendered HTML.

Whoever calls has locked the conversations, knows that no reply is written in them, and that no hold is on their person;
under one, ``hide`` is called instead. Exports that hold them go by the signal.
"""

from collections.abc import Collection, Iterable, Iterator
from functools import partial
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Now
from django.dispatch import Signal

from audit.receipts import Gone
from conversations.markdown import finished
from conversations.models import Conversation, Draft, IndexEntry, Message, Rating, Share, Timing
from inference.events import forgetting

deleted = Signal()  # ``conversations``: ids that are gone, or are no longer what they were; in the transaction

forgetting.hearers.append(lambda message: finished.forget([message]))


def delete(ids: Collection[UUID]) -> Gone:
    """Whole conversations, with all that hangs on them; what went."""
    gone = Gone()
    gone.add("conversation", ids)
    messages = list(Message.objects.filter(conversation__in=ids).values_list("pk", flat=True))
    _count(gone, Draft.objects.filter(conversation__in=ids), Share.objects.filter(conversation__in=ids))
    _count(gone, IndexEntry.objects.filter(conversation__in=ids))
    _count_messages(gone, messages)
    Conversation.objects.filter(pk__in=ids).delete()
    _follow(ids, messages)
    return gone


def delete_messages(ids: Collection[UUID]) -> Gone:
    """Messages of conversations that stay."""
    gone = Gone()
    rows = Message.objects.filter(pk__in=ids)
    of = list(rows.values_list("conversation_id", flat=True).distinct().order_by())
    _count(gone, IndexEntry.objects.filter(message__in=ids))
    _count_messages(gone, ids)
    rows.delete()
    _follow(of, ids)
    return gone


def hide(ids: Collection[UUID]) -> None:
    """They are gone for their owner, and kept."""
    IndexEntry.objects.filter(conversation__in=ids).delete()
    Conversation.objects.filter(pk__in=ids).update(gone_at=Now())
    deleted.send(sender=Conversation, conversations=list(ids))


def hide_messages(conversation: Conversation, ids: Collection[UUID]) -> None:
    """They are gone from this conversation, and kept in one that its owner does not see."""
    IndexEntry.objects.filter(message__in=ids).delete()
    apart = Conversation.objects.create(
        owner_id=conversation.owner_id,
        kind=conversation.kind,
        client_id=uuid4(),
        title=conversation.title,
        indexed_title=conversation.title,
        length=len(ids),
        gone_at=Now(),
    )
    Message.objects.filter(pk__in=ids).update(conversation=apart)
    deleted.send(sender=Conversation, conversations=[conversation.pk])


def _count(gone: Gone, *found: "QuerySet[Model]") -> None:
    for rows in found:
        gone.add(str(rows.model._meta.model_name), rows.values_list("pk", flat=True))


def _count_messages(gone: Gone, messages: Collection[UUID]) -> None:
    gone.add("message", messages)
    for some in _some(messages):
        hung = Q(reply__in=some)
        _count(gone, Rating.objects.filter(hung), Timing.objects.filter(hung))


def _some(ids: Iterable[UUID], most: int = 500) -> Iterator[list[UUID]]:
    rest = list(ids)
    while rest:
        yield rest[:most]
        rest = rest[most:]


def _follow(conversations: Collection[UUID], messages: Collection[UUID]) -> None:
    deleted.send(sender=Conversation, conversations=list(conversations))
    transaction.on_commit(partial(finished.forget, list(messages)))
    transaction.on_commit(partial(forgetting.forget, list(messages)))

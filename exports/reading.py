"""Conversations as records, read from the database: few queries a batch, memory that does not grow with their number.

Whoever calls says whose, by an ``Outgoing``; each record passes it, and no other way leads out.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.crypto import salted_hmac

from accounts.models import User
from conversations.models import Conversation, Edit, Message, Nomination
from exports.outgoing import Outgoing, Whose
from exports.records import Finding, Item, Rating, Record, Review
from moderation.models import Incident

CONVERSATIONS = 100  # read at once
MESSAGES = 1_000  # about as many in memory at a time; a conversation is never cut

_ITEM = (  # the columns that an item has under the same name
    *("id", "position", "role", "text", "reasoning", "state", "problem", "created_at", "started_at", "finished_at"),
    *("model", "engine", "options", "inherited_tokens", "max_tokens", "remembered_from", "reasoning_ms", "ttft_ms"),
    *("prompt_tokens", "completion_tokens", "instructions_sha256"),
)
_BESIDE = ("conversation_id", "parent_id", "continues_id")
_RATING = ("rating__value", "rating__reasons", "rating__note", "rating__at")
_REVIEW = ("reply_id", "state", "edited", "decided_by_id", "decided_by__username", "decided_at", "at", "reason")
_PARAMETERS = ("model", "temperature", "top_p", "max_tokens", "effort")


def records(
    user: User, conversations: QuerySet[Conversation], *, named: bool = False, outgoing: Outgoing | None = None
) -> Iterator[Record]:
    """Each of these conversations, in the order of their ids; the query set may not be sliced.

    Without ``outgoing`` it is for the person's own, and whatever else is among them is left out. Owners who are not
    ``user``, and reviewers, have a pseudonym unless ``named``. Raises Refused where the person may not export.
    """
    outgoing = outgoing or Outgoing.of(user)
    mine = conversations.filter(owner=user, gone_at=None) if outgoing.whose is Whose.OWN else conversations
    for batch in _batches(mine):
        for record in _of_batch(user, batch, named=named):
            left = outgoing.passes(record)
            if left is not None:
                yield left


def pseudonym(person: int) -> str:
    """Stands for a person: always the same on this site, and nothing that leads back to them."""
    return f"person-{salted_hmac('exports.person', str(person), algorithm='sha256').hexdigest()[:12]}"


def _of_batch(user: User, batch: list[Conversation], *, named: bool) -> Iterator[Record]:
    tags = _tags(batch)
    for part in _parts(batch):
        items = _items([row.pk for row in part], named=named)
        for row in part:
            yield _record(row, tags[row.pk], items[row.pk], named=named or row.owner_id == user.pk)


def _batches(conversations: QuerySet[Conversation]) -> Iterator[list[Conversation]]:
    rows = conversations.order_by("pk").select_related("owner", "folder")
    batch = list(rows[:CONVERSATIONS])
    while batch:
        yield batch
        batch = list(rows.filter(pk__gt=batch[-1].pk)[:CONVERSATIONS])


def _parts(batch: list[Conversation]) -> Iterator[list[Conversation]]:
    """Neighbours that have about as many messages together as may be in memory."""
    part: list[Conversation] = []
    messages = 0
    for row in batch:
        if part and messages + row.length > MESSAGES:
            yield part
            part, messages = [], 0
        part.append(row)
        messages += row.length
    yield part


def _tags(batch: Iterable[Conversation]) -> dict[UUID, list[str]]:
    found: defaultdict[UUID, list[str]] = defaultdict(list)
    through = Conversation.tags.through.objects.filter(conversation__in=[row.pk for row in batch])
    for conversation, name in through.order_by("tag__name").values_list("conversation_id", "tag__name"):
        found[conversation].append(name)
    return found


def _items(conversations: Sequence[UUID], *, named: bool) -> dict[UUID, list[Item]]:
    findings, reviews = _findings(conversations), _reviews(conversations, named=named)
    found: defaultdict[UUID, list[Item]] = defaultdict(list)
    rows = Message.objects.filter(conversation__in=conversations).order_by("conversation", "position")
    for row in rows.values_list(*_ITEM, *_BESIDE, *_RATING).iterator():
        fields = dict(zip(_ITEM, row, strict=False))
        conversation, parent, continues, *rating = row[len(_ITEM) :]
        item = Item(
            **fields,
            parent=parent,
            continues=continues,
            rating=_rating(*rating),
            review=reviews.get(fields["id"]),
            moderation=tuple(findings.get(fields["id"], ())),
        )
        found[conversation].append(item)
    return found


def _rating(value: int | None, reasons: list[str] | None, note: str, at: Any) -> Rating | None:
    return None if value is None else Rating(value, tuple(reasons or ()), note, at)


def _reviews(conversations: Sequence[UUID], *, named: bool) -> dict[UUID, Review]:
    """Of the replies that were marked for the knowledge base."""
    newest = Edit.objects.filter(nomination=OuterRef("pk")).order_by("-number").values("text")[:1]
    rows = Nomination.objects.filter(reply__conversation__in=conversations).annotate(edited=Subquery(newest))
    found = {}
    for reply, state, edited, by, name, decided, marked, reason in rows.values_list(*_REVIEW):
        reviewer = "" if by is None else name if named else pseudonym(by)
        found[reply] = Review(state, edited, reviewer, decided or marked, reason=reason)
    return found


def _findings(conversations: Sequence[UUID]) -> dict[UUID, list[Finding]]:
    """What rules found, each once for a message however often they found it, and not what they only tried."""
    rows = Incident.objects.filter(conversation__in=conversations, rule__isnull=False, dry_run=False)
    found: defaultdict[UUID, list[Finding]] = defaultdict(list)
    for message, rule, action in rows.order_by("rule", "action").values_list("message", "rule", "action"):
        finding = Finding(f"rule-{rule}", action)  # by its number: its name may be as good as the word
        if finding not in found[message]:
            found[message].append(finding)
    return found


def _record(row: Conversation, tags: Iterable[str], items: Iterable[Item], *, named: bool) -> Record:
    return Record(
        id=row.pk,
        title=row.title,
        titled_by=row.titled_by,
        owner=str(row.owner) if named else pseudonym(row.owner_id),
        folder=row.folder.name if row.folder else None,
        tags=tuple(tags),
        created_at=row.created_at,
        updated_at=row.updated_at,
        pinned_at=row.pinned_at,
        archived_at=row.archived_at,
        instructions=row.instructions,
        parameters={name: getattr(row, name) for name in _PARAMETERS},
        tip=row.tip_id,
        messages=tuple(items),
    )

"""A conversation of a file, saved: a new one, or what one that is here has grown by. Done again, nothing changes.

Where it comes from is in its rows: a conversation's ``client_id`` is made of the source and the id there, a message's
is the id it has in the record. So what was imported before is found, under whatever ids it was saved.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID, uuid4, uuid5

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from conversations.models import Conversation, Message, Rating
from conversations.models.conversation import ConversationQuerySet
from conversations.states import UNFINISHED
from conversations.titles import title_from
from exports.imports import Found, native
from exports.imports.bounds import Bounds
from exports.imports.refusals import Unfit
from exports.imports.reviews import Reviews
from exports.imports.screening import Screen
from exports.imports.shelves import Shelves
from exports.imports.trees import NAMESPACE
from exports.records import Item, Record

T = TypeVar("T")
BATCH = 500  # rows, and ids that are asked for
SAME_IN_ROW = (
    *("position", "role", "text", "state", "reasoning", "model", "options", "inherited_tokens", "reasoning_ms"),
    *("max_tokens", "remembered_from", "problem", "started_at", "finished_at", "ttft_ms", "prompt_tokens"),
    *("completion_tokens", "engine", "instructions_sha256"),
)


class Kind(StrEnum):
    """What becomes of a conversation."""

    NEW = "new"
    GROWN = "grown"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Outcome:
    kind: Kind
    messages: int  # that are added


class Saver:
    """Brings conversations in for one person. ``dry`` says what would happen, and saves nothing."""

    def __init__(
        self, owner: User, bounds: Bounds, *, dry: bool, screen: Screen | None, reviews: Reviews | None = None
    ) -> None:
        self.shelves = Shelves(owner)
        self._owner, self._bounds, self._dry, self._screen, self._reviews = owner, bounds, dry, screen, reviews
        self._told: set[UUID] = set()  # in a dry run: what the file has twice is new once

    def bring_in(self, found: Found) -> Outcome:
        """All of it, or nothing. Raises Unfit; Unreadable from the rules."""
        if not found.record.messages:
            raise Unfit("nothing")
        self._check_turns(found.record)
        record = self._screen.screened(found.record) if self._screen else found.record
        found = replace(found, record=self._reviews.before(record) if self._reviews else record)
        if self._dry:
            return self._foretold(found)
        try:
            return self._saved(found)
        except IntegrityError:  # the same file is imported twice at this moment: the other one was first
            return self._saved(found)

    def _foretold(self, found: Found) -> Outcome:
        here = self._here(found, self._mine())
        if here:
            new = self._new(here, found.record)
            return Outcome(Kind.GROWN if new else Kind.UNCHANGED, len(new))
        name = _name(found)
        if name in self._told:
            return Outcome(Kind.UNCHANGED, 0)
        self._told.add(name)
        return Outcome(Kind.NEW, len(found.record.messages))

    @transaction.atomic
    def _saved(self, found: Found) -> Outcome:
        folder, tags = self.shelves.folder(found.record.folder), self.shelves.tags(found.record.tags)
        here = self._here(found, self._mine().held())
        if here:
            new = self._new(here, found.record)
            if new:
                self._grow(here, found.record, new)
            return Outcome(Kind.GROWN if new else Kind.UNCHANGED, len(new))
        conversation = self._begin(found, folder)
        items = found.record.messages
        ids = self._ids(conversation, items, keep=found.source == native.NAME)
        conversation.tip_id = _tip(found, ids)
        conversation.save(force_insert=True)
        conversation.tags.set(tags)
        self._insert(conversation, items, ids)
        return Outcome(Kind.NEW, len(items))

    def _mine(self) -> ConversationQuerySet:
        return Conversation.objects.visible_to(self._owner)

    def _here(self, found: Found, mine: ConversationQuerySet) -> Conversation | None:
        """The conversation that this one was saved as, if it was; refuse where nothing may be added."""
        same = Q(client_id=_name(found))
        if found.source == native.NAME:
            same |= Q(pk=found.record.id)
        rows = sorted(mine.filter(same), key=lambda row: row.pk != found.record.id)
        if not rows:
            return None
        if rows[0].trashed_at:
            raise Unfit("trashed")
        if rows[0].messages.filter(state__in=UNFINISHED).exists():
            raise Unfit("busy")
        return rows[0]

    def _new(self, here: Conversation, record: Record) -> list[Item]:
        """The messages that it has not; refuse more than there may be."""
        known = _known(here)
        new = [item for item in record.messages if item.id not in known]
        if here.length + len(new) > self._bounds.messages:
            raise Unfit("too_many_messages", allowed=self._bounds.messages)
        return new

    def _grow(self, here: Conversation, record: Record, new: list[Item]) -> None:
        known = _known(here)
        last = here.messages.order_by("-position").values_list("position", flat=True).first()
        after = -1 if last is None else last
        if new[0].position <= after:  # something else was said here meanwhile
            new = [replace(item, position=after + number) for number, item in enumerate(new, 1)]
        ids = known | self._ids(here, new, keep=True)
        self._insert(here, new, ids)
        changed: dict[str, Any] = {"length": here.length + len(new)}
        if here.tip_id in {known[item.id] for item in record.messages if item.id in known}:
            changed["tip"] = ids.get(record.tip or record.messages[-1].id, here.tip_id)
        moved = max(here.updated_at, record.updated_at or here.updated_at)
        Conversation.objects.filter(pk=here.pk).update(**changed, updated_at=moved)

    def _begin(self, found: Found, folder: int | None) -> Conversation:
        record = found.record
        keeps = found.source == native.NAME and not Conversation.objects.filter(pk=record.id).exists()
        now = timezone.now()
        began = record.created_at or now
        return Conversation(
            id=record.id if keeps else uuid4(),
            owner=self._owner,
            client_id=_name(found),
            title=record.title or _title(record),
            titled_by=record.titled_by,
            length=len(record.messages),
            folder_id=folder,
            pinned_at=record.pinned_at,
            archived_at=record.archived_at,
            created_at=began,
            updated_at=record.updated_at or began,
            instructions=record.instructions,
            **{name: value for name, value in record.parameters.items() if name != "instructions"},
        )

    def _insert(self, conversation: Conversation, items: Iterable[Item], ids: dict[UUID, UUID]) -> None:
        now = timezone.now()
        for some in _batches(list(items)):
            Message.objects.bulk_create(_row(conversation, item, ids, item.created_at or now) for item in some)
            rated = [(ids[one.id], one.rating) for one in some if one.rating and one.role == Message.Role.ASSISTANT]
            Rating.objects.bulk_create(
                Rating(reply_id=pk, value=one.value, reasons=list(one.reasons), note=one.comment, at=one.at or now)
                for pk, one in rated
            )
            if self._reviews:
                self._reviews.bring_back(some, ids)

    def _ids(self, conversation: Conversation, items: Iterable[Item], *, keep: bool) -> dict[UUID, UUID]:
        """Under which ids messages are saved: their own, as long as nobody has these."""
        wanted = [item.id for item in items]
        taken = set(wanted) if not keep else set[UUID]()
        if keep:
            for some in _batches(wanted):
                taken |= set(Message.objects.filter(pk__in=some).values_list("pk", flat=True))
        return {one: uuid5(conversation.pk, str(one)) if one in taken else one for one in wanted}

    def _check_turns(self, record: Record) -> None:
        """Refuse a branch that is longer than the person's policy lets one become."""
        allowed = self._bounds.turns
        if allowed is None or len(record.messages) <= 2 * allowed:
            return
        lengths: dict[UUID | None, int] = {None: 0}
        for item in record.messages:
            lengths[item.id] = lengths.get(item.parent, 0) + 1
        longest = max(lengths.values())
        if longest > 2 * allowed:
            raise Unfit("too_many_turns", has=(longest + 1) // 2, allowed=allowed)


def _name(found: Found) -> UUID:
    return uuid5(NAMESPACE, f"{found.source}:{found.record.id}")


def _known(here: Conversation) -> dict[UUID, UUID]:
    """The ids of its messages, by the ids they have in records."""
    rows = list(here.messages.values_list("pk", "client_id"))
    return {client: pk for pk, client in rows if client} | {pk: pk for pk, _client in rows}


def _title(record: Record) -> str:
    said = next((item.text for item in record.messages if item.role == Message.Role.USER and item.text.strip()), "")
    return title_from(said) or gettext("New conversation")


def _tip(found: Found, ids: dict[UUID, UUID]) -> UUID | None:
    """What a person who comes back is shown; another program that does not say is shown at its newest message."""
    tip = found.record.tip
    if tip is None:
        return None if found.source == native.NAME else ids[found.record.messages[-1].id]
    return ids.get(tip)


def _row(conversation: Conversation, item: Item, ids: dict[UUID, UUID], created_at: datetime) -> Message:
    same = {name: getattr(item, name) for name in SAME_IN_ROW}
    return Message(
        id=ids[item.id],
        conversation=conversation,
        client_id=item.id,
        parent_id=ids.get(item.parent) if item.parent else None,
        continues_id=ids.get(item.continues) if item.continues else None,
        created_at=created_at,
        **same,
    )


def _batches(rows: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]

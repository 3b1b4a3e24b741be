"""What reviewers made of replies, brought back with these: of an export of this program, for whoever runs the site.

Nobody else's file is believed: what is approved is used as knowledge. An export tells the decision, who made it, when,
why one was declined, and the newest text; not the texts before, or who wrote them.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from conversations.models import Edit, Message, Nomination
from conversations.models.nomination import Judgement
from exports.records import Item, Record, Review

LONGEST = Nomination._meta.get_field("reason").max_length
PSEUDONYM = re.compile(r"person-[0-9a-f]{12}")


class Reviews:
    """``person`` finds people by their names. ``count`` says how many came back."""

    def __init__(self, person: Callable[[str], User]) -> None:
        self._person = person
        self.count = 0

    def look_up(self, record: Record) -> None:
        """Find who decided: so a dry run, too, tells who has no account."""
        for item in record.messages:
            if item.review:
                self._by(item.review)

    def before(self, record: Record) -> Record:
        """As the model wrote it, where an export of what was approved has the reviewer's text in its place."""
        return replace(record, messages=tuple(map(_written, record.messages)))

    def bring_back(self, items: Iterable[Item], ids: Mapping[UUID, UUID]) -> None:
        """Of messages that were saved just now, under these ids."""
        reviewed = [
            (ids[item.id], item.review) for item in items if item.review and item.role == Message.Role.ASSISTANT
        ]
        rows = Nomination.objects.bulk_create(self._nomination(pk, review) for pk, review in reviewed)
        Edit.objects.bulk_create(
            Edit(nomination=row, number=1, text=review.text, at=row.decided_at or row.at)
            for row, (_pk, review) in zip(rows, reviewed, strict=True)
            if review.text is not None
        )
        self.count += len(rows)

    def _nomination(self, reply: UUID, review: Review) -> Nomination:
        at = review.at or timezone.now()
        if review.state == Judgement.NOMINATED:
            return Nomination(reply_id=reply, at=at)
        # What a rule masked may be longer than it was.
        reason = review.reason[:LONGEST] if review.state == Judgement.DECLINED else ""
        by = self._by(review)
        return Nomination(reply_id=reply, at=at, state=review.state, reason=reason, decided_by=by, decided_at=at)

    def _by(self, review: Review) -> User | None:
        return self._person(review.by) if review.by and not PSEUDONYM.fullmatch(review.by) else None


def _written(item: Item) -> Item:
    if item.review is None or item.review.original is None:
        return item
    return replace(item, text=item.review.original, review=replace(item.review, text=item.text))

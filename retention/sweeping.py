"""The schedule's side of the rules: a small batch of each kind at a time, each with its receipt."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.db import transaction

from audit import holds, receipts
from audit.models import Withheld
from audit.receipts import Gone, Why
from conversations import deletion
from conversations.models import Conversation, Message
from conversations.states import UNFINISHED
from retention.due import What, due, kind
from retention.models import Rule

AT_ONCE = 100  # rows of a kind in a run: the other work of the background worker waits for it

log = logging.getLogger(__name__)


def sweep() -> int:
    """Delete what is due, the oldest first, and what was withheld for holds that are lifted; how many rows."""
    rules = list(Rule.objects.filter(is_on=True))
    count = after_holds()
    for what in What:
        if any(rule.what == what for rule in rules):
            count += _swept(what, rules)
    if count:
        log.info("%d rows were deleted by their age.", count)
    return count


def after_holds() -> int:
    """What people deleted while a hold kept it, once none does."""
    free = Conversation.objects.filter(gone_at__isnull=False).exclude(owner__in=holds.people())
    found = _by_owner(free.order_by("gone_at").values_list("owner", "pk")[:AT_ONCE])
    for owner, ids in found.items():
        _conversations(ids, owner, lambda row: row.gone_at is not None, Why.OWNER, None)
    Withheld.objects.exclude(user__in=holds.people()).delete()
    return sum(map(len, found.values()))


def _swept(what: str, rules: list[Rule]) -> int:
    rows = due(what, rules)
    if rows.model is Conversation:
        found = _by_owner(rows.values_list("owner", "pk")[:AT_ONCE])
        return sum(_conversations(ids, owner, _still(what, rules), Why.RULE, None) for owner, ids in found.items())
    ids = list(rows.values_list("pk", flat=True)[:AT_ONCE])
    whose = kind(what).whose
    return _others(rows.model, ids, whose, due(what, rules)) if ids else 0


def _still(what: str, rules: list[Rule]) -> Callable[[Conversation], bool]:
    """Whether it is due now that it is locked: its owner may have come back to it."""
    return lambda row: due(what, rules).filter(pk=row.pk).exists()


@transaction.atomic
def _conversations(
    ids: Iterable[UUID], owner: int, is_due: Callable[[Conversation], bool], why: Why, rule: int | None
) -> int:
    """Delete those of one person that are still due and in which nothing is being written."""
    is_kept = holds.keeps(owner)
    rows = Conversation.objects.filter(pk__in=ids).held()
    busy = set(
        Message.objects.filter(conversation__in=ids, state__in=UNFINISHED).values_list("conversation_id", flat=True)
    )
    chosen = [row.pk for row in rows if row.pk not in busy and is_due(row)]
    if not chosen or is_kept:
        return 0
    receipts.give(deletion.delete(chosen), why, whose=owner, rule=rule)
    return len(chosen)


@transaction.atomic
def _others(model: Any, ids: list[Any], whose: str, still: Any) -> int:
    gone = Gone()
    holds.settle(filter(None, model.objects.filter(pk__in=ids).values_list(whose, flat=True)))
    rows = still.filter(pk__in=ids).order_by("pk")
    chosen = list(rows.values_list("pk", flat=True))
    gone.add(model._meta.model_name, chosen)
    model.objects.filter(pk__in=chosen).delete()
    if gone:
        receipts.give(gone, Why.RULE)
    return len(chosen)


def _by_owner(rows: Iterable[tuple[int, UUID]]) -> dict[int, list[UUID]]:
    found: defaultdict[int, list[UUID]] = defaultdict(list)
    for owner, pk in rows:
        found[owner].append(pk)
    return found

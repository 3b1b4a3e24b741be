"""The trash is emptied of what lies there for too long."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from audit import holds
from audit.receipts import Why
from conversations import shelf
from conversations.models import Conversation
from conversations.refusals import Refused

AT_ONCE = 1000  # conversations; the next run goes on

log = logging.getLogger(__name__)


def empty() -> int:
    """Delete for ever what has been in the trash for ``CHATSITE_TRASH_DAYS``; how many conversations that were.

    Each by itself: one that is restored meanwhile, or in which a worker still writes, keeps no other from going.
    """
    if not settings.TRASH_DAYS:
        return 0
    old = Conversation.objects.filter(trashed_at__lt=Now() - timedelta(days=settings.TRASH_DAYS))
    gone = 0
    old = old.filter(gone_at=None).exclude(owner__in=holds.people())
    for conversation in old.select_related("owner").order_by("trashed_at")[:AT_ONCE]:
        try:
            shelf.delete(conversation.owner, frozenset({conversation.pk}), Why.TRASH)
        except (Refused, Conversation.DoesNotExist):
            continue
        gone += 1
    if gone:
        log.info("%d conversations were deleted for ever, after %d days in the trash.", gone, settings.TRASH_DAYS)
    return gone

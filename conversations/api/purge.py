"""What programs sent is not kept: their conversations go when the answer was delivered, or a while after it."""

import logging
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from audit import holds
from audit.models import Hold
from conversations.models import Conversation, Message
from conversations.states import UNFINISHED
from inference.events import forgetting

KEPT = timedelta(minutes=10)  # for a request that is sent again under its key; and what nobody waited for to the end
AT_ONCE = 1000  # conversations; the next run goes on

log = logging.getLogger(__name__)


_UNFINISHED = ", ".join(f"'{state.value}'" for state in sorted(UNFINISHED))
_MESSAGES = (  # of one that is not to be kept, in which every reply has ended
    f"DELETE FROM {Message._meta.db_table} WHERE conversation_id = %s"  # noqa: S608 - no input in it
    f" AND EXISTS (SELECT 1 FROM {Conversation._meta.db_table} WHERE id = %s AND owner_id = %s AND kind = 'api')"
    " AND NOT EXISTS"
    f" (SELECT 1 FROM {Message._meta.db_table} WHERE conversation_id = %s AND state IN ({_UNFINISHED}))"
    f" AND NOT EXISTS (SELECT 1 FROM {Hold._meta.db_table} WHERE user_id = %s AND lifted_at IS NULL)"
)


@transaction.atomic
def purge(conversation: UUID, owner: int) -> bool:
    """Delete one of this person's in which every reply has ended, unless a legal hold is on them. What it cost stays in
    the ledger, what rules found in the incidents.

    Written out: it is done for every request, and Django would look for rows in ten tables that have none of it.
    """
    holds.settle([owner])
    key = Conversation._meta.pk.get_db_prep_value(conversation, connection)
    with connection.cursor() as cursor:
        cursor.execute(_MESSAGES, [key, key, owner, key, owner])
        if not cursor.rowcount:
            return False
        cursor.execute(f"DELETE FROM {Conversation._meta.db_table} WHERE id = %s", [key])  # noqa: S608 - no input in it
    return True


def purge_old() -> int:
    """Delete those that ended ten minutes ago; how many there were. Of these and of those that went with their answer,
    the feed has text until newer pushes it out: on a quiet site that may take days."""
    old = Conversation.objects.filter(kind=Conversation.Kind.API, updated_at__lt=Now() - KEPT)
    unfinished = Message.objects.unfinished().filter(conversation=OuterRef("pk"))
    old = old.exclude(owner__in=holds.people())
    found = old.exclude(Exists(unfinished)).order_by("updated_at").values_list("pk", "owner_id")
    gone = sum(purge(pk, owner) for pk, owner in list(found[:AT_ONCE]))
    if gone:
        log.info("%d conversations of the API were deleted.", gone)
    forgetting.shorten()
    return gone

"""What programs sent is not kept: their conversations go when the answer was delivered, or a while after it."""

import logging
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from conversations.models import Conversation, Message

KEPT = timedelta(minutes=10)  # for a request that is sent again under its key; and what nobody waited for to the end
AT_ONCE = 1000  # conversations; the next run goes on

log = logging.getLogger(__name__)


@transaction.atomic
def purge(conversation: UUID) -> bool:
    """Delete one in which every reply has ended. What it cost stays in the ledger, what rules found in the incidents.

    Written out: it is done for every request, and Django would look for rows in ten tables that have none of it.
    """
    adapt = Conversation._meta.pk.get_db_prep_value
    ended = Conversation.objects.filter(pk=conversation, kind=Conversation.Kind.API).exclude(Exists(_unfinished()))
    if not ended.exists():
        return False
    with connection.cursor() as cursor:
        for table, column in ((Message, "conversation_id"), (Conversation, "id")):
            delete = f"DELETE FROM {table._meta.db_table} WHERE {column} = %s"  # noqa: S608 - no input in it
            cursor.execute(delete, [adapt(conversation, connection)])
    return True


def purge_old() -> int:
    """Delete those that ended ten minutes ago; how many there were."""
    old = Conversation.objects.filter(kind=Conversation.Kind.API, updated_at__lt=Now() - KEPT)
    found = old.exclude(Exists(_unfinished())).order_by("updated_at").values_list("pk", flat=True)
    gone = sum(purge(pk) for pk in list(found[:AT_ONCE]))
    if gone:
        log.info("%d conversations of the API were deleted.", gone)
    return gone


def _unfinished() -> QuerySet[Message]:
    return Message.objects.unfinished().filter(conversation=OuterRef("pk"))

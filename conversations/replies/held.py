"""What a worker does to the row of a reply it holds: each change asks first whether this attempt still holds it."""

from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from conversations.models import Conversation, Message
from conversations.replies.claimed import Claimed
from conversations.states import State
from limits import ledger
from limits.clock import NOW
from moderation import incidents
from moderation.matcher import Finding


def is_mine(reply: Message) -> bool:
    """Whether no newer attempt has it, and it has not ended."""
    return _mine(reply).exists()


def update(reply: Message, fields: dict[str, Any]) -> bool:
    """Change it; False when it is another's by now."""
    return bool(_mine(reply).update(**fields))


def anew(reply: Message, epoch: int) -> dict[str, Any]:
    """What is to change of it where an engine begins it anew, whatever it was to continue."""
    granted = reply.max_tokens and reply.max_tokens - reply.inherited_tokens
    counts = {"max_tokens": granted, "inherited_tokens": 0, "prompt_tokens": 0, "completion_tokens": 0}
    return {"epoch": epoch, "text": "", "reasoning": "", **counts}


@transaction.atomic
def end(reply: Message, fields: dict[str, Any]) -> bool:
    """Bring it to its final state and settle what it cost; of all who try, one gets True.

    Written out: every reply ends, and Django takes ten times as long to build this as the database to do it.
    """
    now, adapt = NOW[connection.vendor], Message._meta.pk.get_db_prep_value
    columns = ", ".join(f"{name} = %s" for name in fields)
    finish = (
        f"UPDATE {Message._meta.db_table} SET {columns}, finished_at = {now}, lease_until = NULL"  # noqa: S608 - no input
        " WHERE id = %s AND state = %s AND attempt = %s"
    )
    touch = f"UPDATE {Conversation._meta.db_table} SET updated_at = {now} WHERE id = %s"  # noqa: S608 - no input in it
    values = [str(value) if isinstance(value, State) else value for value in fields.values()]
    with connection.cursor() as cursor:
        # First: who erases has it locked, and may erase what this reply continues, which is noted in its row.
        cursor.execute(touch, [adapt(reply.conversation_id, connection)])
        cursor.execute(finish, [*values, adapt(reply.pk, connection), State.WRITING.value, reply.attempt])
        if cursor.rowcount != 1:
            transaction.set_rollback(True)
            return False
    ledger.settle(reply.pk, *_cost(reply, fields), str(fields["state"].value))
    return True


def report(claimed: Claimed, where: str, findings: list[Finding]) -> None:
    """Put on record what rules found in its text or reasoning; what is on record already stays so."""
    reply = claimed.reply
    incidents.record(
        findings,
        where=where,
        user_id=claimed.person,
        conversation=reply.conversation_id,
        message=reply.pk,
        model=reply.model,
    )


def _cost(reply: Message, fields: dict[str, Any]) -> tuple[int, int]:
    """Tokens read and written: for a reply that continues another only what is new, the rest was charged with that."""
    if not reply.inherited_tokens:
        return fields["prompt_tokens"], fields["completion_tokens"]
    return 0, max(0, fields["completion_tokens"] - reply.inherited_tokens)


def _mine(reply: Message) -> QuerySet[Message]:
    return Message.objects.filter(pk=reply.pk, state=State.WRITING, attempt=reply.attempt)

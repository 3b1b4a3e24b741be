"""What the model reads: the turns of one branch, from the root to the question."""

from django.db import connection

from conversations.models import Message
from conversations.states import State
from inference.protocol import Turn

_UNSPOKEN = frozenset({State.BLOCKED, State.FAILED})
_BEFORE = (  # written out: for every reply, and Django takes ten times as long to build it as the database to answer
    f"SELECT id, parent_id, role, text, state FROM {Message._meta.db_table}"  # noqa: S608 - no input in it
    " WHERE conversation_id = %s AND position < %s"
)


def turns_before(reply: Message) -> tuple[Turn, ...]:
    """The turns that lead to this reply, oldest first; the last is the person's. One query.

    Replies that failed or were blocked, and those without text, were never said. Reasoning is not repeated.
    """
    adapt = Message._meta.pk.get_db_prep_value
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, [adapt(reply.conversation_id, connection), reply.position])
        by_id = {row[0]: row for row in cursor.fetchall()}
    turns: list[Turn] = []
    at = adapt(reply.parent_id, connection)
    while at is not None:
        _, parent, role, text, state = by_id[at]
        if text and state not in _UNSPOKEN:
            turns.append(Turn("user" if role == Message.Role.USER else "assistant", text))
        at = parent
    return tuple(reversed(turns))


def shorter(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """The same turns without the older half, beginning with the person's; as given when only the question is left."""
    kept = turns[(len(turns) + 1) // 2 :] if len(turns) > 1 else turns
    while len(kept) > 1 and kept[0].role != "user":
        kept = kept[1:]
    return kept or turns[-1:]

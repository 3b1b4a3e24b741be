"""What the model reads: the turns of one branch, from the root to the question."""

from uuid import UUID

from conversations.models import Message
from conversations.states import State
from inference.protocol import Turn

_UNSPOKEN = frozenset({State.BLOCKED, State.FAILED})


def turns_before(reply: Message) -> tuple[Turn, ...]:
    """The turns that lead to this reply, oldest first; the last is the person's. One query.

    Replies that failed or were blocked, and those without text, were never said. Reasoning is not repeated.
    """
    rows = Message.objects.filter(conversation_id=reply.conversation_id, position__lt=reply.position)
    by_id = {row[0]: row for row in rows.values_list("pk", "parent_id", "role", "text", "state")}
    turns: list[Turn] = []
    at: UUID | None = reply.parent_id
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

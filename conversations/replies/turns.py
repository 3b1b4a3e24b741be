"""What the model reads: the turns of one branch, from the root to the question, and fewer where they do not fit."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from conversations.models import Message
from conversations.states import State
from inference.protocol import Turn

_UNSPOKEN = frozenset({State.BLOCKED, State.FAILED})
_BEFORE = (  # written out: for every reply, and Django takes ten times as long to build it as the database to answer
    f"SELECT id, parent_id, role, text, state, position FROM {Message._meta.db_table}"  # noqa: S608 - no input in it
    " WHERE conversation_id = %s AND position < %s"
)


@dataclass(frozen=True, slots=True)
class Said:
    """A turn, and the message it is: its id, and its position in the conversation."""

    turn: Turn
    message: UUID
    position: int


def turns_before(reply: Message) -> tuple[Said, ...]:
    """The turns that lead to this reply, oldest first; the last is the person's. One query.

    Replies that failed or were blocked, and those without text, were never said. Reasoning is not repeated.
    """
    adapt = Message._meta.pk.get_db_prep_value
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, [adapt(reply.conversation_id, connection), reply.position])
        by_id = {row[0]: row for row in cursor.fetchall()}
    said: list[Said] = []
    at = adapt(reply.parent_id, connection)
    while at is not None:
        message, parent, role, text, state, position = by_id[at]
        if text and state not in _UNSPOKEN:
            turn = Turn("user" if role == Message.Role.USER else "assistant", text)
            said.append(Said(turn, UUID(str(message)), position))
        at = parent
    return tuple(reversed(said))


def system_prompt(model: str, person: str) -> str:
    """What the model is told before the first message: by the catalog, and then by the person."""
    return "\n\n".join(filter(None, (model, person)))


def shorter(said: tuple[Said, ...]) -> tuple[Said, ...]:
    """The same turns without the older half, beginning with the person's; as given when only the question is left."""
    return _from_a_question(said, (len(said) + 1) // 2 if len(said) > 1 else 0)


def fitted(said: tuple[Said, ...], room: int, tokens: Callable[[str], int]) -> tuple[Said, ...]:
    """The newest turns that are at most ``room`` tokens together, at least one fewer than given; the question stays.

    ``tokens`` says what one turn costs.
    """
    first = len(said) - 1
    left = room - tokens(said[first].turn.text)
    while first > 1 and (left := left - tokens(said[first - 1].turn.text)) >= 0:
        first -= 1
    return _from_a_question(said, first)


def _from_a_question(said: tuple[Said, ...], first: int) -> tuple[Said, ...]:
    kept = said[first:]
    while len(kept) > 1 and kept[0].turn.role != "user":
        kept = kept[1:]
    return kept or said[-1:]

"""What a program sends: a message with all that was said before it, since it keeps its conversations itself.

Each call is a conversation of its own. Unless it is to be kept, no page shows it, no search finds it, and it is deleted
soon after its reply has ended.
"""

from dataclasses import dataclass
from uuid import UUID, uuid4

from conversations.models import Conversation, Message
from conversations.parameters import USUAL, Once
from inference.protocol import Turn
from moderation.screening import Prompted


@dataclass(frozen=True, slots=True)
class Call:
    """What comes with a message of a program. ``client_id`` names the conversation: under one it is saved once."""

    client_id: UUID
    earlier: tuple[Turn, ...] = ()  # what was said before it, oldest first
    once: Once = USUAL
    saves: bool = False  # it is kept, as a chat like any other

    @property
    def kind(self) -> Conversation.Kind:
        return Conversation.Kind.CHAT if self.saves else Conversation.Kind.API


@dataclass(frozen=True, slots=True)
class Earlier:
    """The turns that a call brought, as they may be saved, with the tokens that they cost the model.

    ``found`` is what rules found in them, by the name under which it goes on record.
    """

    turns: tuple[Turn, ...] = ()
    tokens: int = 0
    found: tuple[tuple[UUID, Prompted], ...] = ()

    @property
    def begins_with(self) -> str:
        """The first that the person said; empty where they said nothing before."""
        return next((turn.text for turn in self.turns if turn.role == "user"), "")

    def messages(self, conversation: Conversation) -> list[Message]:
        """They are finished; each answers the one before."""
        made: list[Message] = []
        for turn in self.turns:
            role, parent = Message.Role(turn.role), made[-1] if made else None
            made.append(Message(pk=uuid4(), conversation=conversation, parent=parent, role=role, text=turn.text))
        return made


NOTHING_EARLIER = Earlier()

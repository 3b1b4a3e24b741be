"""What the chat page shows of instructions and parameters before anybody asks for more."""

from typing import Any

from accounts.models import User
from conversations import offered, parameters
from conversations.library import kept
from conversations.models import Conversation, Preset
from conversations.models.parameters import Effort
from conversations.parameters import NOTHING
from limits.policies import limits_of


def on_page(user: User, conversation: Conversation | None) -> dict[str, Any]:
    """Whether instructions are set, the effort where it can be chosen, and presets to begin with."""
    limits = limits_of(user.pk)
    model = offered.in_force(conversation.model if conversation else "", limits)
    chosen = parameters.in_force(conversation, limits, model) if conversation else NOTHING
    return {
        "instructed": bool(chosen.instructions),
        "effort": chosen.effort,
        "efforts": Effort.choices if model.reasoning and limits.may_set_parameters else (),
        "presets": [] if conversation else list(kept.visible(Preset, user).only("name", "is_team")[: kept.OFFERED]),
    }

"""What the chat page shows of instructions and parameters before anybody asks for more."""

from typing import Any

from accounts.models import User
from conversations import offered, parameters
from conversations.library import kept
from conversations.models import Conversation, Message, Preset
from conversations.models.parameters import Effort
from conversations.parameters import NOTHING
from inference import serving
from inference.model import Model
from limits.policies import limits_of


def on_page(user: User, conversation: Conversation | None, newest: Message | None = None) -> dict[str, Any]:
    """The model, where there are several; whether instructions are set, the effort where it can be chosen, and presets
    to begin with. ``newest`` is the last message that is shown."""
    limits = limits_of(user.pk)
    models = offered.offered(limits)
    model = offered.in_force(conversation.model if conversation else "", limits)
    chosen = parameters.in_force(conversation, limits, model) if conversation else NOTHING
    can_think = limits.may_set_parameters and any(one.reasoning for one in models)
    return {
        "models": models if len(models) > 1 else (),
        "model": model,
        "model_chosen": chosen.model,
        "withdrawn": _withdrawn(conversation, model, newest),
        "can_continue": any(one.continues_prefix for one in models),
        "instructed": bool(chosen.instructions),
        "effort": chosen.effort,
        "efforts": Effort.choices if can_think else (),
        "presets": [] if conversation else list(kept.visible(Preset, user).only("name", "is_team")[: kept.OFFERED]),
    }


def _withdrawn(conversation: Conversation | None, model: Model, newest: Message | None) -> str:
    """What the conversation's model is called, if it answers no more; said until another one has answered there."""
    if conversation is None or conversation.model in ("", model.name) or (newest and newest.model == model.name):
        return ""
    return serving.label(conversation.model)

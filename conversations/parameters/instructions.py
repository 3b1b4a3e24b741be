"""Instructions are something a person wrote: they pass the rules before they are saved, as messages do."""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID, uuid5

from django.db import transaction

from accounts.models import User
from conversations import checks, offered, parameters
from conversations.models import Conversation
from conversations.parameters import USUAL, Chosen, Once, Screened
from inference.model import Model
from limits.policies import Limits, limits_of


def screened(
    user: User,
    chosen: Chosen,
    limits: Limits,
    model: Model,
    *,
    about: UUID,
    conversation: UUID | None = None,
    once: Once = USUAL,
) -> Screened:
    """Parameters that a person may set: raises Refused for what is beyond their limits, or blocked by a rule.

    ``about`` is the conversation, or the message that begins it.
    """
    parameters.check(chosen, limits, model, once)
    if not chosen.instructions:
        return Screened(chosen)
    message = uuid5(about, f"instructions {chosen.instructions}")
    prompted = checks.check_rules(user, limits, chosen.instructions, conversation, message)
    return Screened(replace(chosen, instructions=prompted.text), prompted, message)


def put_on_record(found: Screened | None, user_id: int, conversation: UUID, model: str) -> None:
    """Keep what rules found in instructions that are saved; found again, it is kept once."""
    if found and found.prompted and found.message and found.prompted.findings:
        checks.put_on_record(found.prompted, user_id, conversation, found.message, model)


def set_parameters(user: User, conversation_id: UUID, chosen: Chosen, named: Collection[str] | None = None) -> Chosen:
    """From the next message on this holds in the conversation, or what of it is ``named``: the rest may be old news.

    Returns all as they are then; a rule may mask a part.

    What stays as it was is not looked at again, though a policy may allow less by now.

    Raises Refused, also in the trash, or Conversation.DoesNotExist for one that is not the user's.
    """
    mine = Conversation.objects.visible_to(user)
    before = Chosen.of(mine.get(pk=conversation_id))
    said = {name: value for name, value in chosen.fields().items() if named is None or name in named}
    changed = {name: value for name, value in said.items() if value != getattr(before, name)}
    limits = limits_of(user.pk)
    model = offered.in_force(said.get("model", before.model), limits)
    found = screened(user, Chosen(**changed), limits, model, about=conversation_id, conversation=conversation_id)
    saved = {name: getattr(found.chosen, name) for name in changed}
    with transaction.atomic():
        checks.check_place(mine.held().get(pk=conversation_id))
        mine.filter(pk=conversation_id).update(**saved)
        put_on_record(found, user.pk, conversation_id, model.name)
    return replace(before, **saved)

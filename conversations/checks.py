"""What must hold before a message is saved: the person's limits, the model's window, the rules of this site."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import NAMESPACE_OID, UUID, uuid5

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from conversations.calls import NOTHING_EARLIER, Earlier
from conversations.counted import count
from conversations.models import Conversation, Message
from conversations.parameters import Screened, tokens_of
from conversations.refusals import Refused
from conversations.titles import title_from
from conversations.tree import characters, length
from inference.model import Model
from inference.protocol import REPLY_ROOM, Turn
from inference.tokenizers import tokenizer_for
from limits import ledger
from limits.policies import Limits
from limits.refusals import OverLimit, too_many
from moderation import incidents
from moderation.screening import Prompted, screen_prompt, screen_prompts

MOST_BLOCKED = 20  # messages of one person in a minute; then they wait
CHARACTERS_A_TOKEN = 3  # where nothing was counted yet
LONGEST_TOKEN = 16  # characters, on an average over a whole conversation: more is not to be had of any language


@dataclass(frozen=True, slots=True)
class Checked:
    """What may be sent: the text as it will be saved, what rules found in it, the tokens it costs the model."""

    model: Model
    limits: Limits
    prompted: Prompted
    tokens: int
    first: Screened | None = None  # the parameters of a conversation that begins
    earlier: Earlier = NOTHING_EARLIER  # what was said before it, where a program brings that along

    @property
    def text(self) -> str:
        return self.prompted.text


def check_text(text: str, limits: Limits) -> None:
    """Refuse a text that is empty or has too many characters."""
    if not text.strip():
        raise Refused("empty", _("Write something first."))
    if len(text) > limits.prompt_chars:
        detail = _("The message has %(has)d characters; %(allowed)d are allowed.")
        raise Refused("too_long", detail % {"has": len(text), "allowed": limits.prompt_chars}, limits.prompt_chars)


def check_tokens(text: str, model: Model, limits: Limits) -> int:
    """The tokens that the message costs the model; refuse more than the person or the model's window allows."""
    tokenizer = tokenizer_for(model)
    tokens = tokenizer.count(text)
    allowed = limits.prompt_tokens
    if allowed is not None and tokens > allowed:
        detail = _("The message has about %(has)d tokens; %(allowed)d are allowed. Shorten it.")
        raise Refused("too_many_tokens", detail % {"has": tokens, "allowed": allowed}, allowed)
    room = model.context_window - REPLY_ROOM - tokenizer.turn_overhead
    if tokens > room and tokenizer.exact:
        detail = _("The message has about %(has)d tokens; the model reads at most %(allowed)d. Shorten it.")
        raise Refused("too_long", detail % {"has": tokens, "allowed": room}, room)
    return tokens + tokenizer.turn_overhead


def check_rules(user: User, limits: Limits, text: str, conversation: UUID | None, client_id: UUID) -> Prompted:
    """The text as it may be saved, and what rules found in it; refuse it, on record, where a rule blocks it.

    In the record a blocked message goes by its text too, not by ``client_id`` alone: sent again it is found once, and
    who sends another under the same name does not hide it behind the first. Nor is it put down to a conversation of
    somebody else: raises Conversation.DoesNotExist.
    """
    message = uuid5(client_id, f"{user.pk} {text}")
    prompted = screen_prompt(user.pk, text, conversation=conversation, message=message)
    _check_blocked(user, limits, prompted, conversation, message)
    return prompted


def check_api(limits: Limits) -> None:
    """Refuse the programs of a person who may have none."""
    if not limits.may_use_api:
        raise Refused("api", _("You may not use the API here. Ask an administrator."))


def check_earlier(user: User, turns: Sequence[Turn], limits: Limits, model: Model) -> Earlier:
    """The turns that a call brings along, as they may be saved. What a model is said to have said is looked at as well:
    nobody knows that it did.

    In the record each goes by its text: a program says the same again with every call.
    """
    _check_characters(turns, model)
    for turn in turns:
        if turn.role == "user":
            check_text(turn.text, limits)
    said = {uuid5(NAMESPACE_OID, f"{user.pk} {turn.text}"): turn.text for turn in turns}
    found = screen_prompts(user.pk, said) if said else {}
    for message, prompted in found.items():
        _check_blocked(user, limits, prompted, None, message)
    allowed = {text: found[message].text for message, text in said.items()}
    kept = tuple(replace(turn, text=allowed[turn.text]) for turn in turns)
    tokenizer = tokenizer_for(model)
    tokens = sum(count(tokenizer, model.name, turn.text) + tokenizer.turn_overhead for turn in kept)
    return Earlier(kept, tokens, tuple((name, one) for name, one in found.items() if one.findings))


def _check_characters(turns: Sequence[Turn], model: Model) -> None:
    """Refuse what is too long whatever its tokens are, before anybody looks at each of its characters."""
    has = sum(len(turn.text) for turn in turns)
    if has > model.context_window * LONGEST_TOKEN:
        raise _too_much(has // CHARACTERS_A_TOKEN, model)


def _too_much(has: int, model: Model) -> Refused:
    room = model.context_window - REPLY_ROOM
    detail = _("The messages have about %(has)d tokens; the model reads at most %(allowed)d. Send fewer.")
    return Refused("too_long", detail % {"has": has, "allowed": room}, room)


def _check_blocked(user: User, limits: Limits, prompted: Prompted, conversation: UUID | None, message: UUID) -> None:
    if blocked := prompted.blocked:
        check_pace(user.pk, limits)
        if conversation:
            Conversation.objects.visible_to(user).only("pk").get(pk=conversation)
        put_on_record(prompted, user.pk, conversation, message)
        raise Refused("blocked", blocked.detail, more={"incident": str(blocked.incident)})


def title(user_id: int, text: str) -> str:
    """The title of a conversation that begins so. Marks that hid a word are gone from it, so the rules look again."""
    made = title_from(text)
    prompted = screen_prompt(user_id, made, conversation=None, message=uuid5(NAMESPACE_OID, made))
    return gettext("New conversation") if prompted.blocked else prompted.text


def check_pace(user_id: int, limits: Limits) -> None:
    """Refuse one whose messages rules block faster than messages may come, and one who may send nothing at all: nobody
    tries out the rules, or fills the moderators' queue, at any speed."""
    try:
        ledger.check(user_id, limits)
        most = min(MOST_BLOCKED, MOST_BLOCKED if limits.requests_per_minute is None else limits.requests_per_minute)
        if incidents.blocked_lately(user_id) >= most:
            raise too_many(most, None, slowed=False)
    except OverLimit as over:
        raise over_limit(over) from over


def put_on_record(prompted: Prompted, user_id: int, conversation: UUID | None, message: UUID, model: str = "") -> None:
    """Keep what rules found in a message."""
    incidents.record(
        prompted.findings,
        where="prompt",
        user_id=user_id,
        conversation=conversation,
        message=message,
        model=model,
    )


def over_limit(over: OverLimit) -> Refused:
    """The refusal of a rate or a quota, with what is left and when it resets."""
    resets = over.resets_at.isoformat() if over.resets_at else None
    return Refused(over.code, over.detail, over.allowed, more={"left": over.left, "resets_at": resets})


def check_place(*conversations: Conversation) -> None:
    """Refuse to change what is in the trash. The caller has locked them."""
    if any(one.trashed_at for one in conversations):
        raise Refused("trashed", _("What is in the trash must be restored first."))


def check_room(
    conversation: Conversation, parent: Message | None, checked: Checked, told: str = "", *, begun: int = 0
) -> int:
    """The tokens the model will read, about; refuse a branch that has reached the person's limits for a conversation.

    ``parent`` is the branch's last message, ``told`` are the instructions of the reply, which has ``begun`` tokens.
    """
    turns, tokens = checked.limits.conversation_turns, checked.limits.conversation_tokens
    if turns is not None and _length(conversation, parent, checked, 2 * turns) >= 2 * turns:
        detail = _("This conversation has its %(allowed)d turns. Begin a new one.")
        raise Refused("conversation_full", detail % {"allowed": turns}, turns)
    instructed = _check_instructions(told, checked)
    read = _tokens_before(parent, checked.model, instructed) + checked.earlier.tokens + checked.tokens
    if tokens is not None and read + begun > tokens:
        detail = _("This conversation has about %(has)d tokens; %(allowed)d are allowed. Begin a new one.")
        raise Refused("conversation_full", detail % {"has": read + begun, "allowed": tokens}, tokens)
    _check_window(read, checked)
    return min(read, checked.model.context_window)


def _length(conversation: Conversation, parent: Message | None, checked: Checked, most: int) -> int:
    """Messages of a branch, or fewer than ``most``."""
    if checked.earlier.turns:
        return len(checked.earlier.turns)
    return length(parent) if conversation.length >= most else conversation.length


def _check_window(read: int, checked: Checked) -> None:
    """Refuse a call that is more than the model reads: of a conversation of ours it would forget the oldest instead."""
    too_much = read > checked.model.context_window - REPLY_ROOM
    if checked.earlier.turns and too_much and tokenizer_for(checked.model).exact:
        raise _too_much(read, checked.model)


def _check_instructions(told: str, checked: Checked) -> int:
    """The tokens of the instructions; refuse what leaves no room for the message."""
    tokens = tokens_of(told, checked.model)
    room = checked.model.context_window - REPLY_ROOM
    if tokens and tokens + checked.tokens > room and tokenizer_for(checked.model).exact:
        detail = _("Instructions and message have about %(has)d tokens; the model reads at most %(allowed)d together.")
        raise Refused("too_long", detail % {"has": tokens + checked.tokens, "allowed": room}, room)
    return tokens


def _tokens_before(parent: Message | None, model: Model, instructed: int) -> int:
    """Tokens of what was said so far, the system's turn included: as the engine counted them for the branch's last.

    ``instructed``: tokens of the instructions, in which those that were counted then may have changed.
    """
    if parent is None:
        tokenizer = tokenizer_for(model)
        return instructed + (tokenizer.count(model.system) + tokenizer.turn_overhead if model.system else 0)
    if parent.prompt_tokens:
        before = tokens_of((parent.options or {}).get("instructions", ""), model)
        counted = parent.prompt_tokens + parent.completion_tokens
        return max(0, counted - before) + instructed  # an estimate may be more than was counted
    return characters(parent) // CHARACTERS_A_TOKEN + instructed

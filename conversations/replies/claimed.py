"""A reply that a worker has just claimed, and what it needs to write it; and what the model reads of a conversation."""

import logging
from dataclasses import dataclass

from conversations.models import Message
from conversations.replies import queue
from conversations.replies.turns import Said, fitted, shorter, system_prompt, turns_before
from inference.machine import name_and_version
from inference.model import Model
from inference.protocol import Turn
from inference.tokenizers import tokenizer_for
from moderation.matcher import Matcher
from moderation.models import Scope
from moderation.rules import matcher_for

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """The reply, whose it is, what was said before it, and the rules that this person's replies meet."""

    reply: Message
    person: int
    said: tuple[Said, ...]
    matcher: Matcher | None


def claim(model: Model) -> Claimed | None:
    """The fairest reply that waits, and all of it; None when nothing waits."""
    reply = queue.claim(model.name, engine=name_and_version(model.engine), system=model.system)
    if reply is None:
        return None
    person: int = reply.person  # type: ignore[attr-defined]  # of the queue's query
    try:
        return Claimed(reply, person, turns_before(reply), matcher_for(person, Scope.REPLY))
    except Exception:  # whatever lasts would have it claimed again after each lease, for ever
        if not queue.gives_up(reply):
            raise
        log.exception("It cannot be prepared and is given up.", extra={"reply": reply.pk})
        return Claimed(reply, person, (), None)


class Memory:
    """What the model reads for one reply: all that was said, or as much of the newest as fits its context window.

    ``whole``: all or nothing.
    """

    def __init__(self, model: Model, said: tuple[Said, ...], instructions: str = "", *, whole: bool = False) -> None:
        self._model = model
        self._system = system_prompt(model.system, instructions)
        self._said = said
        self._whole = whole
        self._was_fitted = False
        self.oldest: Said | None = None  # the first message that it reads; None while it reads all

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The system's turn, of what the catalog and then the person says, and those of the conversation."""
        said = tuple(one.turn for one in self._said)
        return (Turn("system", self._system), *said) if self._system else said

    @property
    def can_shrink(self) -> bool:
        """Whether it is more than the question, and may be less."""
        return len(self._said) > 1 and not self._whole

    def shrink(self, reply_tokens: int) -> None:
        """Forget the oldest: first as many as leave room for a reply of so many tokens, then half of what is left."""
        if self._was_fitted:
            self._said = shorter(self._said)
        else:
            room = self._model.context_window - min(reply_tokens, self._model.context_window // 4)
            self._said = fitted(self._said, room - self._cost(self._system), self._cost)
            self._was_fitted = True
        self.oldest = self._said[0]

    def _cost(self, text: str) -> int:
        tokenizer = tokenizer_for(self._model)
        return tokenizer.count(text) + tokenizer.turn_overhead if text else 0

"""What a person sets for a conversation, within limits: model, instructions, how the tokens of its replies are drawn.

What was chosen stands in the conversation. Each reply has a copy of its own, its ``options``: whatever is changed while
it is written, every attempt at it is made under the same ones.
"""

from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from conversations import offered
from conversations.models.parameters import Effort, Parameters
from conversations.refusals import Refused
from inference.model import Model
from inference.protocol import Sampling
from inference.tokenizers import tokenizer_for
from limits.policies import Limits
from moderation.screening import Prompted

LONGEST = 1_000_000  # characters of instructions read at all; the policy's limit is checked with a better answer
MOST_TOKENS = 10_000_000
LONGEST_NAME = 100  # of a model


class Wrong(ValueError):  # noqa: N818 - an answer to a client, not a fault
    """Not what parameters are made of. ``str()`` says what must be."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen; what is empty is the model's own."""

    instructions: str = ""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    effort: str = ""
    model: str = ""

    @classmethod
    def of(cls, row: Parameters) -> "Chosen":
        """Those of a conversation or a preset."""
        return cls(row.instructions, row.temperature, row.top_p, row.max_tokens, row.effort, row.model)

    @property
    def is_drawn(self) -> bool:
        """Whether anything of how tokens are drawn was chosen."""
        return (self.temperature, self.top_p, self.max_tokens, self.effort) != (None, None, None, "")

    def within(self, limits: Limits) -> Limits:
        """The limits of a reply under these."""
        return limits if self.max_tokens is None else replace(limits, output_tokens=self.max_tokens)

    def fields(self) -> dict[str, Any]:
        """As columns of a row, and as the page is told."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Once:
    """What a program sets for one reply; it stands in no conversation."""

    stop: tuple[str, ...] = ()  # the reply ends before the first of these
    seed: int | None = None
    whole: bool = False  # the model reads all that was sent, or refuses: nothing is forgotten

    def options(self) -> dict[str, Any]:
        """As a reply keeps it."""
        said = {"stop": list(self.stop) or None, "seed": self.seed, "whole": self.whole or None}
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Screened:
    """Parameters as they may be saved, and what rules found in the instructions."""

    chosen: Chosen
    prompted: Prompted | None = None
    message: UUID | None = None  # by which the instructions go in the record of incidents


NOTHING = Chosen()
USUAL = Once()
_COLUMNS = ("model", "max_tokens")


def read(said: Any) -> Chosen:
    """The parameters in a frame or a request. Raises Wrong."""
    if not isinstance(said, dict):
        raise Wrong("parameters must be an object.")
    if unknown := said.keys() - Chosen.__slots__:
        raise Wrong(f"parameters may be {', '.join(Chosen.__slots__)}; {min(map(str, unknown))[:40]} is not known.")
    max_tokens = _number(said, "max_tokens", 1, MOST_TOKENS)
    if max_tokens is not None and max_tokens != int(max_tokens):
        raise Wrong("max_tokens must be a whole number.")
    return Chosen(
        instructions=_instructions(said.get("instructions") or ""),
        temperature=_number(said, "temperature", 0, 2),
        top_p=_number(said, "top_p", 0.01, 1),
        max_tokens=None if max_tokens is None else int(max_tokens),
        effort=_effort(said.get("effort") or ""),
        model=model_name(said.get("model") or ""),
    )


def check(chosen: Chosen, limits: Limits, model: Model, once: Once = USUAL) -> None:
    """Refuse what the person's policy or ``model``, which these are for, does not allow."""
    if chosen.model:
        offered.check(chosen.model, limits)
    if chosen.instructions and not limits.may_set_instructions:
        raise Refused("instructions", _("You may not set instructions. Ask an administrator."))
    if (length := len(chosen.instructions)) > limits.prompt_chars:
        detail = _("The instructions have %(has)d characters; %(allowed)d are allowed.")
        words = {"has": length, "allowed": limits.prompt_chars}
        raise Refused("instructions_too_long", detail % words, limits.prompt_chars)
    is_drawn = chosen.is_drawn or once.stop or once.seed is not None
    if is_drawn and not limits.may_set_parameters:
        raise Refused("parameters", _("You may not change how the model writes. Ask an administrator."))
    if chosen.max_tokens is not None and chosen.max_tokens > limits.output_tokens:
        detail = _("A reply may have %(allowed)d tokens at most; you asked for %(has)d.")
        words = {"has": chosen.max_tokens, "allowed": limits.output_tokens}
        raise Refused("max_tokens", detail % words, limits.output_tokens)
    if chosen.effort and not model.reasoning:
        raise Refused("effort", _("This model does not think before it replies: an effort changes nothing."))


def in_force(row: Parameters, limits: Limits, model: Model) -> Chosen:
    """What holds of a conversation's parameters for a reply by ``model``: policy or model may have changed since."""
    drawn = limits.may_set_parameters
    return Chosen(
        instructions=row.instructions if limits.may_set_instructions else "",
        temperature=row.temperature if drawn else None,
        top_p=row.top_p if drawn else None,
        max_tokens=min(row.max_tokens, limits.output_tokens) if drawn and row.max_tokens else None,
        effort=row.effort if drawn and model.reasoning else "",
        model=row.model if row.model == model.name else "",
    )


def options(chosen: Chosen, once: Once = USUAL) -> dict[str, Any] | None:
    """What a reply keeps of them; its model, and how many tokens it may have, are columns of its own."""
    kept = {name: value for name, value in chosen.fields().items() if value not in (None, "") and name not in _COLUMNS}
    return kept | once.options() or None


def sampling(options: dict[str, Any], max_tokens: int) -> Sampling:
    """How a reply with these options is drawn, at most so many tokens of it."""
    drawn = {name: options.get(name) for name in ("temperature", "top_p", "seed")}
    return Sampling(max_tokens, stop=tuple(options.get("stop", ())), **drawn)


def allowed(options: dict[str, Any] | None, limits: Limits) -> dict[str, Any] | None:
    """Those under which a reply was begun, as far as the person's policy still lets it go on under them."""
    may = {"instructions": limits.may_set_instructions, "whole": False}
    kept = {name: value for name, value in (options or {}).items() if may.get(name, limits.may_set_parameters)}
    return kept or None


def tokens_of(instructions: str, model: Model) -> int:
    """What they cost the model with every reply. Asked at each send, in a transaction: what was counted is kept."""
    if not instructions:
        return 0
    tokenizer: Any = tokenizer_for(model)
    return _counted(tokenizer, instructions) + int(tokenizer.turn_overhead)


@lru_cache(maxsize=64)
def _counted(tokenizer: Any, text: str) -> int:
    return int(tokenizer.count(text))


def model_name(value: Any) -> str:
    """What may be the name of a model. Raises Wrong."""
    if not isinstance(value, str) or len(value) > LONGEST_NAME:
        raise Wrong("model must be the name of a model.")
    return value


def _instructions(text: Any) -> str:
    if not isinstance(text, str) or len(text) > LONGEST:
        raise Wrong(f"instructions must be text of at most {LONGEST} characters.")
    return text.strip().replace("\x00", "\N{REPLACEMENT CHARACTER}")  # PostgreSQL stores no NUL


def _number(said: dict[str, Any], name: str, least: float, most: float) -> float | None:
    value = said.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise Wrong(f"{name} must be a number from {least} to {most}, or null.")
    return value


def _effort(value: Any) -> str:
    if value not in ("", *Effort.values):
        raise Wrong(f"effort must be one of {', '.join(Effort.values)}, or null.")
    return str(value)

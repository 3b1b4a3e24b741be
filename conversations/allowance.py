"""What a person may do now, as their page is told: limits, tokens that are left, what keeps them from sending."""

from typing import Any

from conversations import offered
from inference.model import Model
from inference.protocol import REPLY_ROOM
from inference.tokenizers import at_hand
from limits import restraints
from limits.policies import Limits, limits_of
from limits.quotas import Quota
from limits.standing import standing

# By these the page reckons tokens from characters; a script of its own has a rate of its own.
SAMPLES = {
    "narrow": (
        "Could you look at this function? It returns None for an empty list, but the caller expects a number:\n"
        "def mean(values):\n    return sum(values) / len(values) if values else None\n"
        "I would rather have it raise an error that says what is wrong, and I need a short test for both cases."
    ),
    "wide": "请帮我把下面这段会议记录整理成五个要点，语气友好一些，并在最后列出每个人接下来要做的事情和截止日期。",
}
_rates: dict[tuple[str, bool], dict[str, float]] = {}


def allowance(user_id: int) -> dict[str, Any]:
    """The ``limits`` of docs/websocket.md, by four short queries."""
    limits, left = limits_of(user_id), standing(user_id)
    restraint = next(iter(restraints.now_on(user_id)), None)
    return {
        "prompt_chars": limits.prompt_chars,
        "output_tokens": limits.output_tokens,
        **_of(offered.in_force("", limits), limits),
        **_of_each(limits),
        "standing": {"day": _quota(left.day), "month": _quota(left.month)},
        "restraint": restraint and {"kind": restraint.kind, "until": restraint.until},
    }


def _of(model: Model, limits: Limits) -> dict[str, Any]:
    window = model.context_window - REPLY_ROOM
    prompt_tokens = min(limits.prompt_tokens or window, window)
    return {"prompt_tokens": prompt_tokens, "chars_per_token": _chars_per_token(model)}


def _of_each(limits: Limits) -> dict[str, Any]:
    """The models by name, the default first, where there is something to choose."""
    models = offered.offered(limits)
    if len(models) < 2:
        return {}
    each = {one.name: {"label": one.label, "reasoning": one.reasoning, **_of(one, limits)} for one in models}
    return {"models": each}


def _chars_per_token(model: Model) -> dict[str, float]:
    """Measured once for each tokenizer; an estimate's rates hold until the model's own is built."""
    tokenizer = at_hand(model)
    key = model.name, tokenizer.exact
    if key not in _rates:
        _rates[key] = {kind: round(len(text) / tokenizer.count(text), 2) for kind, text in SAMPLES.items()}
    return _rates[key]


def _quota(quota: Quota | None) -> dict[str, Any] | None:
    if quota is None:
        return None
    used = quota.used + quota.reserved
    told = {"limit": quota.limit, "used": used, "left": quota.left, "resets_at": quota.resets_at}
    return {**told, "shared": quota.shared}

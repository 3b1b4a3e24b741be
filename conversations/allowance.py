"""What a person may do now, as their page is told: limits, tokens that are left, what keeps them from sending."""

from typing import Any

from inference import serving
from inference.protocol import REPLY_ROOM
from limits import restraints
from limits.policies import limits_of
from limits.quotas import Quota
from limits.standing import standing


def allowance(user_id: int) -> dict[str, Any]:
    """The ``limits`` of docs/websocket.md, by four short queries."""
    limits, left = limits_of(user_id), standing(user_id)
    window = serving.model().context_window - REPLY_ROOM
    restraint = next(iter(restraints.now_on(user_id)), None)
    return {
        "prompt_chars": limits.prompt_chars,
        "prompt_tokens": min(limits.prompt_tokens or window, window),
        "output_tokens": limits.output_tokens,
        "chars_per_token": {"narrow": 4.0, "wide": 1.0},
        "standing": {"day": _quota(left.day), "month": _quota(left.month)},
        "restraint": restraint and {"kind": restraint.kind, "until": restraint.until},
    }


def _quota(quota: Quota | None) -> dict[str, Any] | None:
    if quota is None:
        return None
    used = quota.used + quota.reserved
    told = {"limit": quota.limit, "used": used, "left": quota.left, "resets_at": quota.resets_at}
    return {**told, "shared": quota.shared}

"""How a person's limits stand, in headers. Only what the policy limits is spoken of."""

import math
from datetime import datetime

from django.utils import timezone

from limits.headroom import headroom


def headers(user_id: int) -> dict[str, str]:
    """``X-RateLimit-…`` of OpenAI's: requests are those of a minute, tokens those of the day or the month."""
    now = headroom(user_id)
    found: dict[str, str] = {}
    if now.requests:
        found |= _of("Requests", now.requests.limit, now.requests.left, now.requests.resets_at)
    if now.tokens:
        found |= _of("Tokens", now.tokens.limit, now.tokens.left, now.tokens.resets_at)
    return found


def _of(what: str, limit: int, left: int, resets_at: datetime) -> dict[str, str]:
    seconds = max(0, math.ceil((resets_at - timezone.now()).total_seconds()))
    told = {"Limit": str(limit), "Remaining": str(left), "Reset": f"{seconds}s"}
    return {f"X-RateLimit-{kind}-{what}": value for kind, value in told.items()}

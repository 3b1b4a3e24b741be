"""The banners that the chat page shows: one small query in ten seconds and process, whoever asks."""

import time
from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from console.models import Banner

FRESH_S = 10.0
MOST = 20

_known: tuple[float, list[Banner]] = (float("-inf"), [])


def context(request: HttpRequest) -> dict[str, Callable[[], list[Banner]]]:
    """Context processor: ``banners``, asked for only by templates that name it."""
    return {"banners": lambda: shown_to(request.user) if hasattr(request, "user") else []}


def shown_to(user: Any) -> list[Banner]:
    """What this person sees now, warnings first."""
    if not user.is_authenticated:
        return []
    return [banner for banner in _recent() if banner.is_shown_to(user)]


def forget() -> None:
    """Look again at the next request."""
    global _known  # noqa: PLW0603 - one value, replaced whole
    _known = (float("-inf"), [])


def _recent() -> list[Banner]:
    """All that have not ended, some of which start later."""
    global _known  # noqa: PLW0603 - one value, replaced whole
    read_at, banners = _known
    if time.monotonic() - read_at > FRESH_S:
        lasting = Q(ends=None) | Q(ends__gt=timezone.now())
        banners = list(Banner.objects.filter(lasting).order_by("-level", "starts")[:MOST])
        _known = (time.monotonic(), banners)
    return banners

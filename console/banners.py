"""The banners that the chat page shows: one small query in ten seconds and process, whoever asks."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from console.fresh import Fresh
from console.models import Banner

FRESH_S = 10.0
MOST = 20


def context(request: HttpRequest) -> dict[str, Callable[[], list[Banner]]]:
    """Context processor: ``banners``, asked for only by templates that name it."""
    return {"banners": lambda: shown_to(request.user) if hasattr(request, "user") else []}


def shown_to(user: Any) -> list[Banner]:
    """What this person sees now, warnings first."""
    if not user.is_authenticated:
        return []
    return [banner for banner in recent() if banner.is_shown_to(user)]


def _look() -> list[Banner]:
    """All that have not ended, some of which start later."""
    lasting = Q(ends=None) | Q(ends__gt=timezone.now())
    return list(Banner.objects.filter(lasting).order_by("-level", "starts")[:MOST])


recent = Fresh(FRESH_S, _look)

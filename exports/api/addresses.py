"""What the API's addresses for exports and imports have in common."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import ApiKey
from conversations.api.errors import ApiError
from conversations.refusals import Refused
from limits.policies import limits_of

MOST_LISTED = 50

View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]


def by_method(**views: View) -> View:
    """One address that does as many things as it takes methods."""

    async def chosen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if view := views.get(request.method or ""):
            return await view(request, *args, **kwargs)
        allowed = ", ".join(views)
        message = f"This address takes {' or '.join(views)}, not {request.method}."
        return ApiError(405, message, code="method_not_allowed", headers={"Allow": allowed}).response()

    return chosen


def check_policy(key: ApiKey) -> None:
    """Raises Refused."""
    if not limits_of(key.user_id).may_use_api:
        raise Refused("api", "Your policy does not let you use the API.")


def second(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None

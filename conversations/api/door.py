"""What each address of the API has in common: a key, the method, errors in OpenAI's shape, a count."""

import logging
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseFault
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from redis.exceptions import RedisError

from accounts import api_keys, wrong_keys
from accounts.models import ApiKey
from conversations import metrics
from conversations.api import errors
from conversations.api.errors import ApiError
from conversations.database import in_database
from conversations.refusals import Refused

View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]
SIGN_IN = {"WWW-Authenticate": "Bearer"}

log = logging.getLogger(__name__)


def door(name: str, method: str, scope: str) -> Callable[[View], View]:
    """For views that are given the key of whoever asks; ``name`` is that of the door in ``/metrics``."""
    metrics.API_REQUESTS.labels(name, "200")

    def with_door(view: View) -> View:
        @wraps(view)
        async def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with translation.override(settings.LANGUAGE_CODE):
                try:
                    _check_method(request, method)
                    key = await in_database(_key, request, scope)
                    response = await view(request, key, *args, **kwargs)
                except Exception as error:  # noqa: BLE001 - the outer edge: no program is told of Django's
                    response = _answered(error).response()
            metrics.API_REQUESTS.labels(name, str(response.status_code)).inc()
            response.headers["Cache-Control"] = "no-store"
            return response

        return opened

    return with_door


def _check_method(request: HttpRequest, method: str) -> None:
    if request.method != method:
        message = f"This address takes {method}, not {request.method}."
        raise ApiError(405, message, code="method_not_allowed", headers={"Allow": method})


def _key(request: HttpRequest, scope: str) -> ApiKey:
    """The key that a request was sent with. Cookies say nothing here."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        message = "Send an API key: Authorization: Bearer cs-…"
        raise ApiError(401, message, code="invalid_api_key", headers=SIGN_IN)
    key = api_keys.authenticate(secret.strip())
    if key is None:
        raise _wrong_key(request)
    if not key.allows(scope):
        message = f"This key has not the scope {scope}; it has {', '.join(key.scopes) or 'none'}."
        raise ApiError(403, message, kind=errors.DENIED, code="scope_missing")
    return key


def _wrong_key(request: HttpRequest) -> ApiError:
    if wrong_keys.too_many(request):
        message = "Too many wrong API keys came from this address. Wait a minute."
        return ApiError(429, message, kind="requests", code="rate_limit_exceeded", headers={"Retry-After": "60"})
    message = "This API key is wrong, or it was revoked or has expired."
    return ApiError(401, message, code="invalid_api_key", headers=SIGN_IN)


def _answered(error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, Refused):
        return errors.of_refusal(error, {})
    if isinstance(error, DatabaseFault | RedisError):
        log.warning("The API cannot answer: %s", type(error).__name__, exc_info=error)
        message = "The site cannot answer now. Try again in a moment."
        headers = {"Retry-After": str(errors.AGAIN_S)}
        return ApiError(503, message, kind=errors.FAULT, code="unavailable", headers=headers)
    log.error("A request to the API failed", exc_info=error)
    return ApiError(500, "Something went wrong here. It is in the log.", kind=errors.FAULT, code="internal_error")

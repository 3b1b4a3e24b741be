"""Why a request came to nothing, in the shape that OpenAI's clients know."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.utils import timezone

from conversations import problems
from conversations.api.wire import as_json
from conversations.refusals import Refused

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

INVALID, DENIED, FAULT = "invalid_request_error", "permission_denied", "server_error"
AGAIN_S = 5  # after which an engine that is away may be back


class ApiError(Exception):
    """The answer to a request. ``param`` is the field that was wrong, ``code`` what a program may go by."""

    def __init__(
        self,
        status: int,
        message: "StrOrPromise",
        *,
        kind: str = INVALID,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.code = code
        self.param = param
        self.headers = dict(headers or {})

    @property
    def body(self) -> dict[str, Any]:
        return {"error": {"message": str(self), "type": self.kind, "param": self.param, "code": self.code}}

    def response(self) -> HttpResponse:
        return as_json(self.body, self.status, self.headers)


def wrong(param: str, message: str, code: str = "invalid_value") -> ApiError:
    """A field that is not as it must be."""
    return ApiError(400, message, param=param, code=code)


def away() -> ApiError:
    message = "No engine is there to answer. Try again in a moment."
    return ApiError(503, message, kind=FAULT, code="engine_away", headers={"Retry-After": str(AGAIN_S)})


SAID = "messages"  # the field with what is said, which has another name at an older address
_TOO_LONG = (400, INVALID, "context_length_exceeded", SAID)
_OVER_QUOTA = (429, "insufficient_quota", "insufficient_quota", None)
_TOO_MANY = (429, "requests", "rate_limit_exceeded", None)

# By the code of a refusal: status, type, code, param
REFUSALS: dict[str, tuple[int, str, str, str | None]] = {
    "empty": (400, INVALID, "empty", SAID),
    "too_long": _TOO_LONG,
    "too_many_tokens": _TOO_LONG,
    "conversation_full": _TOO_LONG,
    "instructions_too_long": _TOO_LONG,
    "blocked": (400, INVALID, "content_policy_violation", SAID),
    "max_tokens": (400, INVALID, "invalid_value", "max_tokens"),
    "effort": (400, INVALID, "unsupported_value", "reasoning_effort"),
    "unknown_model": (404, INVALID, "model_not_found", "model"),
    "model": (403, DENIED, "model_not_allowed", "model"),
    "api": (403, DENIED, "api_not_allowed", None),
    "may_not_export": (403, DENIED, "export_not_allowed", None),
    "may_not_export_others": (403, DENIED, "export_not_allowed", None),
    "instructions": (403, DENIED, "instructions_not_allowed", "messages"),
    "parameters": (403, DENIED, "parameters_not_allowed", None),
    "suspended": (403, DENIED, "suspended", None),
    "too_large": (413, INVALID, "file_too_large", "file"),
    "disk": (503, FAULT, "unavailable", None),
    "too_many": _TOO_MANY,
    "slowed": _TOO_MANY,
    "quota_day": _OVER_QUOTA,
    "quota_month": _OVER_QUOTA,
}
_OTHERWISE = (409, INVALID, "conflict", None)


def of_refusal(no: Refused, headers: Mapping[str, str], said_in: str = SAID) -> ApiError:
    """``headers`` say how the person's limits stand."""
    status, kind, code, param = REFUSALS.get(no.code, _OTHERWISE)
    param = said_in if param == SAID else param
    more = dict(headers)
    if status == 429:
        more["Retry-After"] = str(_seconds_to(no.more.get("resets_at")))
    return ApiError(status, no.detail, kind=kind, code=code, param=param, headers=more)


def of_failure(problem: str, detail: str, said_in: str = SAID) -> ApiError:
    """Of a reply that failed."""
    if problem == problems.TOO_LONG:
        return ApiError(400, detail, code="context_length_exceeded", param=said_in)
    if problem == problems.BAD_REQUEST:
        return ApiError(400, detail, code="invalid_value")
    return ApiError(500, detail or "The reply failed.", kind=FAULT, code="engine_failed")


def _seconds_to(moment: str | None) -> int:
    """Rounded up; a minute where that is not known."""
    if moment is None:
        return 60
    return max(1, math.ceil((datetime.fromisoformat(moment) - timezone.now()).total_seconds()))

"""The API stands apart: no session, no cookie, no page's middleware between a program and its answer.

It comes first, and what it answers passes nothing that may wait: so a client that goes away is noticed inside the view,
or in the stream that the view has begun. Of the rest only what holds for every answer is kept: HTTPS, and its headers.
"""

from collections.abc import Callable
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware
from django.urls import Resolver404, resolve
from django.utils.decorators import sync_and_async_middleware

from conversations.api.errors import ApiError

ROOT = "/v1"


@sync_and_async_middleware
def apart(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Middleware for both."""
    security = SecurityMiddleware(get_response)
    if iscoroutinefunction(get_response):

        async def later(request: HttpRequest) -> HttpResponseBase:
            if _is_ours(request):
                return await _answer(request, security)
            answer: HttpResponseBase = await get_response(request)
            return answer

        return later

    def at_once(request: HttpRequest) -> HttpResponseBase:
        if _is_ours(request):
            return async_to_sync(_answer)(request, security)
        answer: HttpResponseBase = get_response(request)
        return answer

    return at_once


def _is_ours(request: HttpRequest) -> bool:
    return request.path_info == ROOT or request.path_info.startswith(f"{ROOT}/")


async def _answer(request: HttpRequest, security: SecurityMiddleware) -> HttpResponseBase:
    if elsewhere := security.process_request(request):
        return elsewhere
    try:
        match = resolve(request.path_info)
    except Resolver404:
        response = ApiError(404, "There is nothing at this address.", code="unknown_url").response()
    else:
        response = await match.func(request, *match.args, **match.kwargs)
    return security.process_response(request, response)

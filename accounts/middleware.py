"""What an account leaves in a browser: cookies that follow its appearance, and, after signing out, nothing else."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

from accounts import sessions
from accounts.appearance import renew_copies

LEFT = "accounts.left"  # in a request's META: its person has signed out
NOTHING_STAYS = '"cache", "storage"'  # drafts, pages that one could go back to, what is kept for offline


@sync_and_async_middleware
def traces(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Middleware for both."""
    if iscoroutinefunction(get_response):

        async def later(request: HttpRequest) -> HttpResponse:
            return _traced(request, await get_response(request))

        return later

    def at_once(request: HttpRequest) -> HttpResponse:
        return _traced(request, get_response(request))

    return at_once


def _traced(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if request.META.get(LEFT):
        response.headers["Clear-Site-Data"] = NOTHING_STAYS
    else:
        renew_copies(request, response)
    return response


def _left(request: HttpRequest | None, **more: Any) -> None:
    if request:
        request.META[LEFT] = True


@sync_and_async_middleware
def seen(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Middleware: that a session is in use is written down now and then, after the answer is made."""
    if iscoroutinefunction(get_response):

        async def later(request: HttpRequest) -> HttpResponse:
            response: HttpResponse = await get_response(request)
            if sessions.is_due(request):
                await sync_to_async(sessions.note_use)(request)
            return response

        return later

    def at_once(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = get_response(request)
        if sessions.is_due(request):
            sessions.note_use(request)
        return response

    return at_once


user_logged_out.connect(_left, dispatch_uid="accounts.left")

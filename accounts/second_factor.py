"""Who must have a second factor: everyone, the staff, or members of the groups that say so; and who has none yet.

Whoever must and has none is led to setting one up, and gets nothing else meanwhile: no page, no socket, no API key.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

from allauth.mfa.models import Authenticator
from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import Resolver404, resolve, reverse
from django.utils.decorators import sync_and_async_middleware

from accounts.models import RequiredSecondFactor, User

KNOWN_FOR_S = 5.0  # whether any group asks for one; in the process that changes it, none
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
# What leads to a second factor, and out.
ALLOWED = {
    *("mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes", "mfa_generate_recovery_codes"),
    *("mfa_reauthenticate", "mfa_reauthenticate_webauthn", "account_reauthenticate", "account_change_password"),
    *("account_security", "account_session_end", "account_sessions_end", "account_logout", "set_language"),
    *("manifest", "worker", "offline", "alive", "ready", "metrics"),
}

_known: dict[str, tuple[bool, float]] = {}


def is_due(user: Any) -> bool:
    """Whether the person must have a second factor, and has none."""
    return must(user) and not Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists()


def due_among(people: Iterable[int]) -> set[int]:
    """Those who must have one and have none. It asks the database only where somebody must."""
    asks: str = settings.SECOND_FACTOR
    among = User.objects.filter(pk__in=people)
    if asks != "everyone":
        members = Q(groups__required_second_factor__isnull=False) if _some_group_asks() else Q(pk__in=())
        among = among.filter(members | Q(is_staff=True) if asks == "staff" else members)
    return set(without_one(among).values_list("pk", flat=True))


def without_one(people: QuerySet[User]) -> QuerySet[User]:
    """Those of them who have no second factor, whether they must or not."""
    return people.exclude(pk__in=Authenticator.objects.filter(type__in=FACTORS).values("user_id"))


def must(user: Any) -> bool:
    asks: str = settings.SECOND_FACTOR
    if asks == "everyone" or (asks == "staff" and user.is_staff):
        return True
    return _some_group_asks() and RequiredSecondFactor.objects.filter(group__user=user.pk).exists()


def _some_group_asks() -> bool:
    """So that a site without such groups pays nothing."""
    answer, at = _known.get("group", (False, -KNOWN_FOR_S))
    if time.monotonic() - at >= KNOWN_FOR_S:
        answer = RequiredSecondFactor.objects.exists()
        _known["group"] = (answer, time.monotonic())
    return answer


def _forget(**more: Any) -> None:
    _known.clear()


post_save.connect(_forget, RequiredSecondFactor, dispatch_uid="accounts.second_factor")
post_delete.connect(_forget, RequiredSecondFactor, dispatch_uid="accounts.second_factor")


@sync_and_async_middleware
def first(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Middleware: a second factor first, then the rest of the site."""
    if iscoroutinefunction(get_response):

        async def later(request: HttpRequest) -> Any:
            refused = None if _leads_there(request) else await sync_to_async(_refusal)(request)
            return refused or await get_response(request)

        return later

    def at_once(request: HttpRequest) -> Any:
        return (None if _leads_there(request) else _refusal(request)) or get_response(request)

    return at_once


def _leads_there(request: HttpRequest) -> bool:
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return True  # nobody, who is led to signing in
    try:
        return resolve(request.path_info).url_name in ALLOWED
    except Resolver404:
        return True


def _refusal(request: HttpRequest) -> HttpResponse | None:
    if not request.user.is_authenticated or not is_due(request.user):
        return None
    if "text/html" in request.headers.get("Accept", ""):
        return HttpResponseRedirect(reverse("mfa_index"))
    detail = "Set up a second factor first, under Sign-in and security."
    return JsonResponse({"type": "error", "code": "second_factor", "detail": detail}, status=403)

"""The page of how one signs in: the password, and on which devices one is signed in, to sign any of them out."""

from typing import cast

from allauth.account.decorators import reauthentication_required
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.views import remove_webauthn
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import sessions
from accounts.models import User


@never_cache
@require_GET
@login_required
def security(request: HttpRequest) -> HttpResponse:
    """The page."""
    context = {"sessions": sessions.shown(request), "has_factor": is_mfa_enabled(request.user)}
    return render(request, "account/security.html", context)


@login_required
@reauthentication_required(app="allauth.mfa")  # type: ignore[untyped-decorator]  # the library has no types
def remove_passkey(request: HttpRequest, pk: int) -> HttpResponse:
    """allauth's page, which does not ask by itself whether this one must stay. Another person's is not found."""
    passkey = get_object_or_404(Authenticator, user=request.user, pk=pk, type=Authenticator.Type.WEBAUTHN)
    adapter = get_adapter()
    if not adapter.can_delete_authenticator(passkey):
        messages.error(request, adapter.error_messages["cannot_delete_authenticator"])
        return HttpResponseRedirect(reverse("mfa_index"))
    answer: HttpResponse = remove_webauthn(request, pk=pk)
    return answer


@require_POST
@login_required
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign one device out. Another person's is not found."""
    user = cast("User", request.user)
    rows = UserSession.objects.filter(user=user, pk=session_id).exclude(session_key=request.session.session_key)
    if not sessions.end(user, rows):
        raise Http404
    messages.success(request, _("That device is signed out."))
    return HttpResponseRedirect(reverse("account_security"))


@require_POST
@login_required
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign every other device out."""
    user = cast("User", request.user)
    others = UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key)
    ended = sessions.end(user, others)
    words = ngettext("%(number)d other device is signed out.", "%(number)d other devices are signed out.", ended)
    messages.success(request, words % {"number": ended})
    return HttpResponseRedirect(reverse("account_security"))

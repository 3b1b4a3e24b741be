"""A person's own data: a copy of it, the deletion of the account, and receipts of what was deleted."""

from functools import partial
from typing import cast
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.sessions import end_all
from audit.log import record
from audit.models import Receipt
from exports.sending import sent
from retention import copies, erasing, leaving, words
from retention.models import DataCopy
from retention.tasks import make_copy

MOST = 20  # receipts shown
LATELY_S = 600  # since the sign-in, of those who have neither password nor second factor here


@never_cache
@require_GET
@login_required
def data(request: HttpRequest) -> HttpResponse:
    """The page."""
    user = cast("User", request.user)
    mine = DataCopy.objects.visible_to(user)
    context = {
        "copies": mine,
        "is_waiting": mine.filter(state__in=copies.OPEN).exists(),
        "receipts": [words.Shown(one) for one in Receipt.objects.filter(whose=user.pk)[:MOST]],
        "hours": settings.COPY_HOURS,
        "days": settings.LEAVING_DAYS,
    }
    return render(request, "account/data.html", context)


@require_POST
@login_required
def ask_copy(request: HttpRequest) -> HttpResponseRedirect:
    """Ask for a copy; the page says when it is there."""
    copy = copies.ask(cast("User", request.user))
    transaction.on_commit(partial(make_copy.delay, str(copy.pk)))
    return redirect("account_data")


@never_cache
@require_GET
@login_required
def download(request: HttpRequest, copy_id: UUID) -> StreamingHttpResponse:
    """The zip, for nobody but its owner."""
    user = cast("User", request.user)
    copy = get_object_or_404(DataCopy.objects.visible_to(user), pk=copy_id, state=DataCopy.State.DONE)
    if copy.expires_at is None or copy.expires_at <= timezone.now() or not copy.path.exists():
        raise Http404
    record("data_copy.downloaded", actor=user, subject=copy)
    name = f"chatsite-{copy.asked_at:%Y-%m-%d}.zip"
    return sent(copy.path, name)


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # the library has no types
def leave(request: HttpRequest) -> HttpResponse:
    """Ask for the deletion of the account; then the person is signed out, and told where the receipt will be."""
    user = cast("User", request.user)
    if request.method != "POST":
        return redirect("account_data")
    try:
        _check_came_lately(request, user)
        asked = leaving.ask(user)
    except erasing.Stays as why:
        messages.error(request, str(why))
        return redirect("account_data")
    logout(request)
    end_all(user, stops=True)
    return redirect("deletion_receipt", receipt_id=asked.receipt)


def _check_came_lately(request: HttpRequest, user: User) -> None:
    """Who has nothing here to show that it is they signed in just now. Raises Stays."""
    if get_adapter(request).get_reauthentication_methods(user):
        return
    if not user.last_login or (timezone.now() - user.last_login).total_seconds() > LATELY_S:
        raise erasing.Stays(_("Sign out and in again first, to show that it is you."))


@never_cache
@require_GET
def receipt(request: HttpRequest, receipt_id: UUID) -> HttpResponse:
    """What was deleted, for whoever knows the receipt's id, which cannot be guessed. No name and no word is on it."""
    found = Receipt.objects.filter(pk=receipt_id).first()
    if found is None:
        asked = leaving.asked(receipt_id)
        if asked is None:
            raise Http404
        return render(request, "account/receipt.html", {"due_at": asked.due_at})
    parts = Receipt.objects.filter(whose=found.whose, why=found.why) if found.why == Receipt.Why.ACCOUNT else [found]
    return render(request, "account/receipt.html", {"receipt": found, "parts": [words.Shown(one) for one in parts]})

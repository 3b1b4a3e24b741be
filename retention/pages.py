"""A person's own data: a copy of it, the deletion of the account, and receipts of what was deleted."""

from functools import partial
from typing import Any, cast
from uuid import UUID

from allauth.core import ratelimit
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
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
LATELY_S = 600  # since the sign-in, of those who have no password here


class LeaveForm(forms.Form):
    """Who asks shows that it is they: by the password or, without one here, by having signed in just now."""

    password = forms.CharField(
        label=gettext_lazy("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        max_length=4096,
    )

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(data)
        self.request = request
        self.user = cast("User", request.user)
        if not self.user.has_usable_password():
            del self.fields["password"]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not ratelimit.consume(self.request, action="reauthenticate", user=self.user):
            raise forms.ValidationError(_("Too many tries. Wait a minute."))
        if "password" in self.fields:
            if "password" in said and not self.user.check_password(said["password"]):
                self.add_error("password", _("This is not your password."))
        elif not self.user.last_login or (timezone.now() - self.user.last_login).total_seconds() > LATELY_S:
            raise forms.ValidationError(_("Sign out and in again first, to show that it is you."))
        return said


@never_cache
@require_GET
@login_required
def data(request: HttpRequest) -> HttpResponse:
    """The page."""
    return _page(request, LeaveForm(request))


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
@require_http_methods(["POST"])
@login_required
def leave(request: HttpRequest) -> HttpResponse:
    """Ask for the deletion of the account; then the person is signed out, and told where the receipt will be."""
    form = LeaveForm(request, request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        asked = leaving.ask(form.user)
    except erasing.Stays as why:
        messages.error(request, str(why))
        return redirect("account_data")
    end_all(form.user, stops=True)
    return redirect("deletion_receipt", receipt_id=asked.receipt)


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


def _page(request: HttpRequest, form: LeaveForm, status: int = 200) -> HttpResponse:
    user = cast("User", request.user)
    mine = DataCopy.objects.visible_to(user)
    context = {
        "form": form,
        "copies": mine,
        "is_waiting": mine.filter(state__in=copies.OPEN).exists(),
        "receipts": [words.Shown(one) for one in Receipt.objects.filter(whose=user.pk)[:MOST]],
        "hours": settings.COPY_HOURS,
        "days": settings.LEAVING_DAYS,
    }
    return render(request, "account/data.html", context, status=status)

"""Where the link of an invitation leads: a name and a password, and one has an account and is signed in."""

from typing import Any

from allauth.account.utils import perform_login
from allauth.core.internal import ratelimit
from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts import invitations
from accounts.letters_page import paused
from accounts.models import Invitation, User

KEY = "accounts.invitation"  # in the session
RATES = {"invitation": "20/m/ip"}


class JoinForm(forms.Form):
    """Name, address unless the invitation says it, and password twice."""

    username = forms.CharField(max_length=60, validators=User._meta.get_field("username").validators)
    email = forms.EmailField(max_length=254)
    password1 = forms.CharField(strip=False, max_length=4096, help_text=password_validators_help_text_html())
    password2 = forms.CharField(strip=False, max_length=4096)

    def __init__(self, *args: Any, invitation: Invitation, **options: Any) -> None:
        super().__init__(*args, **options)
        if invitation.email:
            del self.fields["email"]
        self.invitation = invitation

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"].strip()
        if User.objects.filter(username__iexact=name).exists():
            raise ValidationError(_("This name is taken."))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        address = self.invitation.email or cleaned.get("email", "")
        if address and User.objects.filter(email__iexact=address).exists():
            taken = _("There is an account with this address already. Sign in with it.")
            self.add_error("email" if "email" in self.fields else None, taken)
        if cleaned.get("password1") != cleaned.get("password2"):
            self.add_error("password2", _("These two are not the same."))
        elif cleaned.get("password1"):
            try:
                validate_password(cleaned["password1"], User(username=cleaned.get("username", ""), email=address))
            except ValidationError as error:
                self.add_error("password1", error)
        return cleaned


@never_cache
@require_GET
def invited(request: HttpRequest, secret: str) -> HttpResponse:
    """The link itself. The secret goes from the address into the session, so that it stays in no history or log."""
    if ratelimit.consume(request, app="accounts", action="invitation", config=RATES, limit_get=True) is None:
        return paused(request)
    request.session[KEY] = secret
    return HttpResponseRedirect(reverse("account_join"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """The form."""
    invitation = invitations.find(request.session.get(KEY, ""))
    if invitation is None or request.user.is_authenticated:
        return render(request, "account/invitation_over.html", status=404 if invitation is None else 200)
    form = JoinForm(request.POST if request.method == "POST" else None, invitation=invitation)
    if request.method == "POST" and form.is_valid():
        return _joined(request, form)
    return _page(request, form)


def _page(request: HttpRequest, form: JoinForm) -> HttpResponse:
    context = {"form": form, "invitation": form.invitation}
    return render(request, "account/join.html", context, status=422 if form.errors else 200)


def _joined(request: HttpRequest, form: JoinForm) -> HttpResponse:
    said = form.cleaned_data
    try:
        person = invitations.accept(
            form.invitation, username=said["username"], email=said.get("email", ""), password=said["password1"]
        )
    except invitations.InvitationOverError:
        return render(request, "account/invitation_over.html", status=404)
    except IntegrityError:  # at the same moment, or letters that the database alone takes for the same
        form.full_clean()
        if form.is_valid():
            form.add_error("username", _("This name is taken."))
        return _page(request, form)
    del request.session[KEY]
    answer: HttpResponse = perform_login(request, person, email_verification="none")
    return answer

"""Pages that ask for an e-mail address and answer all alike: a lost password, a new account at an open domain."""

from typing import Any

from allauth.core.internal import ratelimit
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import letters, tasks

# By where they come from only: counted by the address, anybody could keep a colleague from asking.
RATES = {"letter": "5/m/ip,30/h/ip"}


class AddressForm(forms.Form):
    """An address."""

    email = forms.EmailField(max_length=254)


class OpenAddressForm(AddressForm):
    """An address at a domain whose people may sign up."""

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"]
        if not letters.domain_is_open(address):
            allowed = {"domains": ", ".join(settings.SIGN_UP_DOMAINS)}
            raise ValidationError(_("Only addresses at these domains: %(domains)s.") % allowed)
        return address


@require_http_methods(["GET", "HEAD", "POST"])
def lost_password(request: HttpRequest) -> HttpResponse:
    """Where the site sends no letters, it says who can help."""
    if not settings.EMAIL_URL:
        return render(request, "account/password_reset_closed.html")
    return _asked(request, AddressForm, tasks.lost_password, "account/password_reset.html")


@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """For domains that are open; else it says who makes accounts."""
    if not settings.SIGN_UP_DOMAINS:
        return render(request, "account/signup_closed.html")
    if request.user.is_authenticated:
        return HttpResponseRedirect(settings.LOGIN_REDIRECT_URL)
    return _asked(request, OpenAddressForm, tasks.sign_up, "account/signup.html")


def paused(request: HttpRequest) -> HttpResponse:
    """Too many, from where this comes from."""
    return render(request, "429.html", status=429)


def _asked(request: HttpRequest, kind: type[AddressForm], task: Any, template: str) -> HttpResponse:
    form = kind(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if ratelimit.consume(request, app="accounts", action="letter", config=RATES, limit_get=True) is None:
            return paused(request)
        site = request.build_absolute_uri("/").rstrip("/")
        task.delay(form.cleaned_data["email"], site, translation.get_language())
        return HttpResponseRedirect(reverse("account_letter_sent"))
    context = {"form": form, "domains": settings.SIGN_UP_DOMAINS}
    return render(request, template, context, status=422 if form.errors else 200)

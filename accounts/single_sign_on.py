"""Signing in with another site's word (OpenID Connect): whose account it opens, and whether it may make a new one."""

import logging
from collections.abc import Callable
from typing import Any

import requests
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect import views
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from accounts import invitations
from accounts.models import User
from accounts.people import with_address
from audit.log import record

log = logging.getLogger(__name__)


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # the library has no types
    """What counts is an address that the provider says it has verified: it names the account, or makes a new one."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """A first sign-in belongs to whose address it is."""
        if sociallogin.state.get("process") != "login":
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account_security")))
        address = _verified(sociallogin)
        if sociallogin.is_existing or not address:
            return
        person = with_address(address)
        if person and not invitations.vouched_for(person):
            # Whoever took a colleague's address waits for the colleague to come this way, into the same account.
            raise ImmediateHttpResponse(render(request, "account/signup_closed.html"))
        if person:
            sociallogin.connect(request, person)
            record("sign_in.connected", actor=person, subject=person, details={"provider": settings.OIDC_ISSUER})

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return bool(settings.OIDC_SIGN_UP and _verified(sociallogin))

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        person: User = super().save_user(request, sociallogin, form)
        record("person.signed_up", actor=person, subject=person, details={"provider": settings.OIDC_ISSUER})
        return person


def _verified(sociallogin: SocialLogin) -> str:
    """The address, if the provider answers for it."""
    given: list[EmailAddress] = sociallogin.email_addresses
    return next((one.email for one in given if one.verified is True or settings.OIDC_TRUST_EMAIL), "")


def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the other site."""
    return _if_it_answers(views.login, request, provider_id)


def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from it."""
    return _if_it_answers(views.callback, request, provider_id)


def _if_it_answers(view: Callable[..., HttpResponse], request: HttpRequest, provider_id: str) -> HttpResponse:
    try:
        return view(request, provider_id)
    except (requests.RequestException, OAuth2Error) as error:
        log.warning("The provider of single sign-on does not answer: %s", type(error).__name__)
        return render(request, "socialaccount/authentication_error.html", status=503)

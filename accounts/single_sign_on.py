"""Signing in with another site's word (OpenID Connect): whose account it opens, and whether it may make a new one."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from accounts.models import User
from audit.log import record


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # the library has no types
    """What counts is the address that the provider says it has verified: it is the account's own, or a new account's."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """A first sign-in belongs to whose address it is."""
        if sociallogin.state.get("process") != "login":
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account_security")))
        address = _verified(sociallogin)
        if sociallogin.is_existing or not address:
            return
        if person := User.objects.filter(email__iexact=address).first():
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

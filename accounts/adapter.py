"""What django-allauth asks about accounts here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from accounts.sessions import is_suspended


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library has no types
    """A team's own site: an administrator makes the accounts, so nobody signs up alone."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        """The last step of each way in, after the second factor too: who is suspended by then stays outside."""
        if is_suspended(user):
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account_suspended")))
        super().login(request, user)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords are counted by where they come from and for whom.

        Counted by the person alone, as allauth does, anybody could keep a colleague from signing in. And allauth's key
        has the Host header in it, whose port the sender chooses: each port would have tries of its own.
        """
        name = credentials.get("email") or credentials.get("username") or ""
        return f"{self.get_client_ip(request)} {name.lower()}"

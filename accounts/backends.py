"""Who a name or an address and a password belong to."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from accounts.models import User


class ByAddressOrName(AuthenticationBackend):  # type: ignore[misc]  # the library has no types
    """One account is found, or none, and one password is hashed either way.

    As allauth does it, an address that has an account takes twice as long as one that has none: it is tried as a name
    too. And addresses are looked for in a table of its own, which here nobody keeps: an address is a person's field.
    """

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        login = credentials.get("email") or credentials.get("username") or ""
        person = User.objects.filter(email__iexact=login).first() or User.objects.filter(username__iexact=login).first()
        found: User | None = self._check_password(person, credentials.get("password") or "")
        return found

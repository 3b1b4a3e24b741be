"""Django's settings for the server that sends letters."""

from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

SCHEMES = ("smtp", "smtp+tls", "smtp+ssl", "consolemail", "filemail")
KIND = (
    "CHATSITE_EMAIL_URL is not of the kind smtp+tls://user:password@host:587 (in a password, %2F for a /); "
    f"it may begin with {', '.join(SCHEMES)}."
)


def mail(url: str) -> dict[str, Any]:
    """Of an address such as ``smtp+tls://user:password@host:587``; without one, letters go nowhere.

    Raises ImproperlyConfigured for another kind, and says nothing of it: there may be a password in it.
    """
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    scheme = url.partition("://")[0]
    try:
        settings: dict[str, Any] = environ.Env.email_url_config(url) if scheme in SCHEMES else {}
    except ValueError:
        settings = {}
    if not settings or (scheme.startswith("smtp") and not settings["EMAIL_HOST"]):
        raise ImproperlyConfigured(KIND) from None
    return settings

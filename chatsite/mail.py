"""Django's settings for the server that sends letters."""

from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

SCHEMES = ("smtp", "smtp+tls", "smtp+ssl", "consolemail", "filemail")


def mail(url: str) -> dict[str, Any]:
    """Of an address such as ``smtp+tls://user:password@host:587``; without one, letters go nowhere."""
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    scheme = url.partition("://")[0]
    if scheme not in SCHEMES:
        raise ImproperlyConfigured(f"CHATSITE_EMAIL_URL: {scheme}:// is not one of {', '.join(SCHEMES)}.")
    settings: dict[str, Any] = environ.Env.email_url_config(url)
    return settings

"""Where a request came from, by one rule for rate limits, sessions and the audit log."""

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest


def address(request: HttpRequest | None) -> str:
    """The client's address; empty when there is no telling."""
    if request is None:
        return ""
    try:
        return str(get_adapter(request).get_client_ip(request))
    except (ImproperlyConfigured, PermissionDenied):  # fewer proxies in front than the settings say, or no address
        return str(request.META.get("REMOTE_ADDR", ""))

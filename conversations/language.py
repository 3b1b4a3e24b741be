"""The language of a socket: the cookie a person set, else what the browser prefers, as for a page."""

from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header


def language_of(scope: dict[str, Any]) -> str:
    """The code of the best supported language for a Channels scope."""
    header = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
    cookie = scope.get("cookies", {}).get(settings.LANGUAGE_COOKIE_NAME)
    wishes = ([cookie] if cookie else []) + [language for language, _ in parse_accept_lang_header(header)]
    for wish in wishes:
        try:
            return translation.get_supported_language_variant(wish)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE

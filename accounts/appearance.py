"""How the pages look to a person: theme, density, size of text, whether keys are shortcuts, and the language.

The account keeps it, so that it is the same on each device. A cookie is its copy, for pages that know nobody yet
(sign-in, errors, offline); whoever signs in, or chose otherwise elsewhere, gets the copy renewed with the next page.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from accounts.models import User

# What there is to choose; the first of each is how the pages are unless one chose otherwise.
CHOICES: dict[str, tuple[str, ...]] = {
    "theme": ("system", "light", "dark"),
    "density": ("comfortable", "compact"),
    "text": ("normal", "small", "large"),
    "shortcuts": ("on", "off"),
    "sidebar": ("open", "closed"),
}
COOKIE = "appearance"
YEAR_S = 31_536_000
PAPER = {"light": "#f6f5f0", "dark": "#14191b"}  # --paper in colours.css, for what is around the page


class UnknownChoiceError(ValueError):
    """What was chosen is not there to choose; the text names what is."""


def known(values: Mapping[str, Any]) -> dict[str, str]:
    """What of this is a choice, and not the usual one."""
    return {
        name: values[name] for name, there in CHOICES.items() if values.get(name) in there and values[name] != there[0]
    }


def choose(user: User, values: Mapping[str, str]) -> None:
    """Keep these choices; the others stay. Raises ``UnknownChoiceError``."""
    for name, value in values.items():
        if value not in CHOICES[name]:
            raise UnknownChoiceError(f"{name} must be one of: {', '.join(CHOICES[name])}.")
    _keep(user, values)


def choose_language(user: User, code: str) -> None:
    _keep(user, {"language": code})


def _keep(user: User, chosen: Mapping[str, str]) -> None:
    """Beside what another request has kept since this one read the account."""
    with transaction.atomic():
        row = User.objects.select_for_update(no_key=True).only("appearance").get(pk=user.pk)
        whole = {**row.appearance, **chosen}
        language = {"language": whole["language"]} if "language" in whole else {}
        user.appearance = row.appearance = {**known(whole), **language}
        row.save(update_fields=["appearance"])


# --- In pages ---------------------------------------------------------------------------------------------------------


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: ``appearance``, each choice by its name, and ``paper``, the colour behind the page."""
    return {"appearance": lambda: shown(request)}


def shown(request: HttpRequest) -> dict[str, str]:
    """Each choice, of the account where the page has asked who it is for; without a look into the database."""
    user = _asked_for(request)
    chosen = known(user.appearance) if user else from_cookie(request.COOKIES.get(COOKIE, ""))
    return {**{name: there[0] for name, there in CHOICES.items()}, **chosen}


def _asked_for(request: HttpRequest) -> User | None:
    """The person of this request, if anything has asked for them yet. Asking here could fail, on a page of an error."""
    user = request.__dict__.get("user")
    if type(user) is SimpleLazyObject:  # not isinstance, which would ask
        user = request.__dict__.get("_acached_user") or request.__dict__.get("_cached_user")
    return None if user is None or isinstance(user, AnonymousUser) else user


def from_cookie(text: str) -> dict[str, str]:
    """``theme:dark.text:large``, made of signs that a cookie may have without quotes."""
    return known(dict(pair.split(":") for pair in text.split(".") if pair.count(":") == 1))


def as_cookie(chosen: Mapping[str, str]) -> str:
    return ".".join(f"{name}:{value}" for name, value in known(chosen).items())


def renew_copies(request: HttpRequest, response: HttpResponse) -> None:
    """Let the browser's cookies be what the account says, if the page has asked who it is for."""
    user = _asked_for(request)
    if not user:
        return
    language = user.appearance.get("language", "")
    _renew(request, response, COOKIE, as_cookie(user.appearance))
    if language:
        _renew(request, response, settings.LANGUAGE_COOKIE_NAME, language)


def _renew(request: HttpRequest, response: HttpResponse, name: str, value: str) -> None:
    if request.COOKIES.get(name, "") == value or name in response.cookies:
        return
    if value:
        response.set_cookie(name, value, max_age=YEAR_S, samesite="Lax", secure=settings.HTTPS)
    else:
        response.delete_cookie(name, samesite="Lax")

"""Where a person chooses how the pages look: a page of its own, the same form in a dialog of the chat, the language."""

from typing import Any, cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views import i18n
from django.views.decorators.http import require_http_methods

from accounts.appearance import CHOICES, UnknownChoiceError, choose, choose_language, shown
from accounts.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def appearance(request: HttpRequest) -> HttpResponse:
    """The form, as a dialog where ``?as=dialog``; sent, what it has is kept. Scripts are answered with 204."""
    if request.method == "POST":
        return _chosen(request)
    template = "account/appearance_dialog.html" if request.GET.get("as") == "dialog" else "account/appearance.html"
    return render(request, template, {"questions": questions(request)})


def _chosen(request: HttpRequest) -> HttpResponse:
    values = {name: request.POST[name] for name in CHOICES if name in request.POST}
    try:
        choose(cast("User", request.user), values)
    except UnknownChoiceError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    return redirect("account_appearance") if request.accepts("text/html") else HttpResponse(status=204)


def set_language(request: HttpRequest) -> HttpResponse:
    """Django's view, which sets the cookie; an account remembers it, too."""
    response = i18n.set_language(request)
    code = request.POST.get(i18n.LANGUAGE_QUERY_PARAMETER, "")
    if request.method == "POST" and code in dict(settings.LANGUAGES) and request.user.is_authenticated:
        choose_language(request.user, code)
    return response


def questions(request: HttpRequest) -> list[dict[str, Any]]:
    """What the form asks: name, label, and per answer its value, its label and whether it is the present one."""
    present = shown(request)
    return [
        {
            "name": name,
            "label": label,
            "answers": [(value, words, present[name] == value) for value, words in answers],
        }
        for name, label, answers in _asked()
    ]


def _asked() -> list[tuple[str, str, list[tuple[str, str]]]]:
    return [
        (
            "theme",
            _("Theme"),
            [
                ("system", _("As the device")),
                ("light", pgettext("theme", "Light")),
                ("dark", pgettext("theme", "Dark")),
            ],
        ),
        ("density", _("Density"), [("comfortable", _("Comfortable")), ("compact", _("Compact"))]),
        (
            "text",
            _("Size of text"),
            [
                ("small", pgettext("size of text", "Small")),
                ("normal", pgettext("size of text", "Normal")),
                ("large", pgettext("size of text", "Large")),
            ],
        ),
        ("shortcuts", _("Keyboard shortcuts"), [("on", pgettext("switch", "On")), ("off", pgettext("switch", "Off"))]),
    ]

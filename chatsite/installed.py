"""The site as an app on a device: what it is called there, its icons, and the page that is shown without a network."""

import json
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.appearance import PAPER

ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("icon-maskable.png", "512x512", "maskable"),
)
# What the page without a network is made of. Asked for with this mark: the same files without it, as other pages want
# them, the worker leaves to the browser.
MARK = "?offline"
ASSETS = ("css/colours.css", "css/page.css", "css/entrance.css", "js/offline.js", "img/mark.svg")


@require_safe
@cache_control(max_age=86_400)
def manifest(request: HttpRequest) -> JsonResponse:
    """The web app manifest."""
    icons = [
        {"src": static(f"img/{file}"), "sizes": sizes, "type": "image/png", "purpose": purpose}
        for file, sizes, purpose in ICONS
    ]
    app = {
        "id": "/",
        "name": "Chatsite",
        "short_name": "Chatsite",
        "description": _("Your team's own chat with its own model."),
        "lang": get_language(),
        "dir": "rtl" if get_language_bidi() else "ltr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER["light"],
        "theme_color": PAPER["light"],
        "icons": icons,
        "shortcuts": [{"name": _("New conversation"), "url": "/"}],
    }
    return JsonResponse(app, content_type="application/manifest+json")


@require_safe
@cache_control(no_cache=True)
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. Served from the root, its scope is the whole site; browsers look for a newer one."""
    files = [static(name) + MARK for name in ASSETS]
    version = sha256("\n".join([*files, _page()]).encode()).hexdigest()[:12]
    kept = {"cache": f"offline-{version}", "page": reverse("offline"), "files": files}
    script = render_to_string("installed/sw.js", {"kept": json.dumps(kept)})
    return HttpResponse(script, content_type="text/javascript; charset=utf-8")


@require_safe
@cache_control(max_age=3600)
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown when the site cannot be reached, in each language; the same for everybody, as devices keep it."""
    return HttpResponse(_page())


def _page() -> str:
    return render_to_string("installed/offline.html", {"languages": settings.LANGUAGES, "mark": MARK, "paper": PAPER})

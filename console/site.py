"""Django's admin site with the console's own pages in its addresses and its index."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class ConsoleSite(AdminSite):
    """What administrators see. Each page asks, as all of the admin's do, whether they are staff."""

    site_header = "Chatsite"
    site_title = "Chatsite"
    index_title = gettext_lazy("Console")

    def get_urls(self) -> list[URLResolver | URLPattern]:
        # Imported here: the admin makes its site before it loads the apps, and the views need their tables.
        from console import views  # noqa: PLC0415

        pages: list[URLResolver | URLPattern] = [
            path("engine/", self.admin_view(views.engine), name="engine"),
            path("engine/live/", self.admin_view(views.live), name="engine-live"),
            path("engine/<str:worker>/drain/", self.admin_view(views.drain), name="engine-drain"),
            path("engine/<str:worker>/rebuild/", self.admin_view(views.rebuild), name="engine-rebuild"),
        ]
        return pages + super().get_urls()

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The apps, the console's own pages first."""
        apps = super().get_app_list(request, app_label)
        return apps if app_label else [_console(reverse("admin:engine", current_app=self.name)), *apps]


def _console(engine: str) -> dict[str, Any]:
    page: dict[str, Any] = {
        "name": _("Engine"),
        "object_name": "Engine",
        "admin_url": engine,
        "add_url": None,
        "view_only": True,
        "perms": {},
        "model": None,
    }
    return {
        "name": _("Now"),
        "app_label": "console",
        "app_url": engine,
        "has_module_perms": True,
        "models": [page],
    }

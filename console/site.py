"""Django's admin site with the console's own pages in its addresses, and navigation by purpose."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext_lazy


class ConsoleSite(AdminSite):
    """What administrators see. Each page asks, as all of the admin's do, whether they are staff."""

    site_header = "Chatsite"
    site_title = "Chatsite"
    empty_value_display = "–"
    index_title = gettext_lazy("Dashboard")
    enable_nav_sidebar = False  # ours goes by purpose, not by app

    def get_urls(self) -> list[URLResolver | URLPattern]:
        # Imported here: the admin makes its site before it loads the apps, and the views need their tables.
        from console import knowledge, models_page, ratings, reading, usage, views  # noqa: PLC0415
        from console.security import page as security_page  # noqa: PLC0415

        pages: list[URLResolver | URLPattern] = [
            path("engine/", self.admin_view(views.engine), name="engine"),
            path("models/", self.admin_view(models_page.models), name="models"),
            path("knowledge/", self.admin_view(knowledge.queue), name="knowledge"),
            path("knowledge/<int:nomination_id>/", self.admin_view(knowledge.exchange), name="knowledge-exchange"),
            path("ratings/", self.admin_view(ratings.ratings), name="ratings"),
            path("reading/<uuid:conversation_id>/", self.admin_view(reading.read), name="reading"),
            path("security/", self.admin_view(security_page.security), name="security"),
            path("usage/", self.admin_view(usage.usage), name="usage"),
            path("usage/csv/", self.admin_view(usage.usage_csv), name="usage-csv"),
            path("engine/live/", self.admin_view(views.live), name="engine-live"),
            path("engine/<str:worker>/drain/", self.admin_view(views.drain), name="engine-drain"),
            path("engine/<str:worker>/rebuild/", self.admin_view(views.rebuild), name="engine-rebuild"),
        ]
        return pages + super().get_urls()

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The dashboard."""
        from console import dashboard  # noqa: PLC0415 - as above

        return super().index(request, {**dashboard.context(request), **(extra_context or {})})

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        from console import navigation  # noqa: PLC0415 - as above

        context = super().each_context(request)
        sections = navigation.sections(navigation.Pages(request, self)) if context["has_permission"] else []
        return {**context, "navigation": sections, "here": navigation.here(sections)}

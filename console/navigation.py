"""The side navigation: what administrators look after, by purpose. Each person sees only what they may view."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of it; ``current`` when the page shown is there."""

    label: Words
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Section:
    """A purpose, and where it leads this person."""

    label: Words
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the console's own. ``permission`` is needed to view it; none is, when it is empty."""

    label: Words
    name: str
    permission: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """The list of a model's rows, by its label; the model says how it is called unless ``label`` does."""

    model: str
    label: Words = ""


SECTIONS: tuple[tuple[Words, tuple[Page | Rows, ...]], ...] = (
    (
        pgettext_lazy("section of the console", "Now"),
        (Page(_("Dashboard"), "index"), Page(_("Engine"), "engine")),
    ),
    (
        _("People"),
        (
            Rows("accounts.User", _("People")),
            Rows("auth.Group", _("Groups")),
        ),
    ),
    (_("Rules"), (Rows("limits.Policy"),)),
    (
        _("Content"),
        (
            Rows("conversations.Conversation"),
            Rows("conversations.Message"),
            Rows("console.Banner"),
        ),
    ),
)


def sections(site: AdminSite, request: HttpRequest) -> list[Section]:
    """What this person may view; purposes of which they may view nothing are left out."""
    found = [(label, tuple(_entries(site, request, items))) for label, items in SECTIONS]
    return [Section(label, entries) for label, entries in found if entries]


def here(sections: list[Section]) -> Entry | None:
    """The entry that the page shown belongs to, unless that is the dashboard."""
    return next((entry for section in sections for entry in section.entries if entry.current), None)


def _entries(site: AdminSite, request: HttpRequest, items: tuple[Page | Rows, ...]) -> Iterator[Entry]:
    for item in items:
        found = _page(site, request, item) if isinstance(item, Page) else _rows(site, request, item)
        if found:
            label, url = found
            yield Entry(label, url, _is_at(request.path, url, exact=url == reverse("admin:index")))


def _page(site: AdminSite, request: HttpRequest, page: Page) -> tuple[Words, str] | None:
    if page.permission and not request.user.has_perm(page.permission):
        return None
    return page.label, reverse(f"admin:{page.name}", current_app=site.name)


def _rows(site: AdminSite, request: HttpRequest, rows: Rows) -> tuple[Words, str] | None:
    for model, model_admin in site._registry.items():
        if model._meta.label == rows.model and model_admin.has_view_or_change_permission(request):
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
            return rows.label or capfirst(model._meta.verbose_name_plural), reverse(name, current_app=site.name)
    return None


def _is_at(path: str, url: str, *, exact: bool) -> bool:
    return path == url if exact else path.startswith(url)

"""The side navigation: what administrators look after, by purpose. Each person sees only what they may view."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
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
        (Page(_("Dashboard"), "index"), Page(_("Engine"), "engine"), Page(_("Models"), "models")),
    ),
    (
        _("People"),
        (
            Rows("accounts.User", _("People")),
            Rows("accounts.Invitation"),
            Rows("auth.Group", _("Groups")),
            Rows("limits.Restraint"),
            Rows("accounts.ApiKey"),
            Rows("audit.Hold"),
        ),
    ),
    (_("Rules"), (Rows("limits.Policy"), Rows("moderation.Rule"), Rows("moderation.Incident"), Rows("retention.Rule"))),
    (
        _("Usage"),
        (
            Page(_("Usage"), "usage", "limits.view_usage"),
            Page(_("Ratings"), "ratings", "conversations.view_rating"),
        ),
    ),
    (
        _("Content"),
        (
            Rows("conversations.Conversation"),
            Rows("conversations.Message"),
            Rows("conversations.Share"),
            Page(_("Knowledge review"), "knowledge", "conversations.review_nomination"),
            Rows("conversations.SavedPrompt", _("Team prompts")),
            Rows("conversations.Preset", _("Team presets")),
            Rows("console.Banner"),
        ),
    ),
    (
        _("Audit"),
        (
            Rows("audit.Entry", _("Audit log")),
            Rows("audit.Receipt"),
            Page(_("Security"), "security", "audit.view_entry"),
        ),
    ),
)


class Pages:
    """Where this person may go: the addresses of lists and pages, empty for those they may not view."""

    def __init__(self, request: HttpRequest, site: AdminSite = admin.site) -> None:
        self.request = request
        self.site = site

    def rows(self, label: str) -> str:
        """The list of a model's rows."""
        model_admin = self.admin_of(label)
        if model_admin is None or not model_admin.has_view_or_change_permission(self.request):
            return ""
        options = model_admin.opts
        return reverse(f"admin:{options.app_label}_{options.model_name}_changelist", current_app=self.site.name)

    def page(self, name: str, permission: str = "") -> str:
        """A page of the console's own."""
        if permission and not self.request.user.has_perm(permission):
            return ""
        return reverse(f"admin:{name}", current_app=self.site.name)

    def admin_of(self, label: str) -> Any:
        """What shows the rows of this model; None when nothing does."""
        return next((one for model, one in self.site._registry.items() if model._meta.label == label), None)


def sections(pages: Pages) -> list[Section]:
    """What this person may view; purposes of which they may view nothing are left out."""
    found = [(label, tuple(_entries(pages, items))) for label, items in SECTIONS]
    return [Section(label, entries) for label, entries in found if entries]


def here(sections: list[Section]) -> Entry | None:
    """The entry that the page shown belongs to, unless that is the dashboard."""
    return next((entry for section in sections for entry in section.entries if entry.current), None)


def _entries(pages: Pages, items: tuple[Page | Rows, ...]) -> Iterator[Entry]:
    index = pages.page("index")
    path = pages.request.path
    for item in items:
        url = pages.page(item.name, item.permission) if isinstance(item, Page) else pages.rows(item.model)
        if url:
            yield Entry(_label(pages, item), url, path == url if url == index else path.startswith(url))


def _label(pages: Pages, item: Page | Rows) -> Words:
    if isinstance(item, Rows) and not item.label:
        return str(capfirst(pages.admin_of(item.model).opts.verbose_name_plural))
    return item.label

"""Whose programs sign in with which API keys, since when and until when, and their revoking. No secret is known."""

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from accounts import api_keys
from accounts.models import ApiKey, User
from console.content import WithoutWords, people_called
from console.standing import Standing, shown


class KeyStanding(Standing):
    """Which can still be used."""

    holds = ("active", pgettext_lazy("of an API key", "active"))


@admin.register(ApiKey)
class ApiKeyAdmin(WithoutWords):
    """Each key by how it begins."""

    hidden = frozenset({"digest"})
    list_display = ("begins", "user", "name", "state", "last_used_at", "expires_at", "scope_words")
    list_display_links = ("begins",)
    list_filter = (KeyStanding, "saves")
    actions = ("revoke",)
    whose = "user"
    ordering = ("-pk",)
    search_help_text = gettext_lazy("The name or e-mail address of a person, or how a key begins.")

    def found(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        return queryset.filter(Q(user__in=people_called(term)) | Q(prefix=term[:8]))

    @admin.display(description=gettext_lazy("begins with"), ordering="pk")
    def begins(self, key: ApiKey) -> str:
        return str(key)

    @admin.display(description=pgettext_lazy("of an API key", "may"))
    def scope_words(self, key: ApiKey) -> str:
        return key.scope_words

    @admin.display(description=gettext_lazy("state"))
    def state(self, key: ApiKey) -> SafeString:
        return shown(key, KeyStanding.holds[1])

    @admin.action(description=gettext_lazy("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        chosen = ApiKey.objects.filter(pk__in=list(keys.values_list("pk", flat=True)))
        ended = api_keys.revoke(chosen, by=cast("User", request.user))
        words = ngettext("%(number)d key was revoked.", "%(number)d keys were revoked.", ended)
        messages.success(request, words % {"number": ended})

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Asked by Django for the action."""
        return request.user.has_perm("accounts.change_apikey")

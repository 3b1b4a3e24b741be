"""What people share with whom and until when, without a word of it, and the taking back of it."""

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from console.content import WithoutWords, people_called
from console.standing import Standing, shown
from conversations import sharing
from conversations.models import Share

MOST_NAMED = 5
HIDDEN = frozenset({"title", "messages", "token"})  # with its token, anybody in the audience could read it


@admin.register(Share)
class ShareAdmin(WithoutWords):
    """Who, for whom, since when and until when."""

    hidden = HIDDEN
    list_display = ("number", "created_at", "owner", "for_whom", "expires_at", "state")
    list_display_links = ("number",)
    list_filter = (Standing, "audience")
    actions = ("revoke",)
    whose = "owner"
    ordering = ("-pk",)
    search_help_text = gettext_lazy("The name or e-mail address of who shares.")

    def found(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        return queryset.filter(owner__in=people_called(term))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related(Prefetch("people", User.objects.order_by("username")))

    @admin.display(description=gettext_lazy("number"), ordering="pk")
    def number(self, share: Share) -> int:
        return share.pk

    @admin.display(description=gettext_lazy("for whom"))
    def for_whom(self, share: Share) -> str:
        if share.audience == Share.Audience.TEAM:
            return str(share.get_audience_display())
        names = [person.get_username() for person in share.people.all()]
        more = len(names) - MOST_NAMED
        return ", ".join(names[:MOST_NAMED]) + (f" +{more}" if more > 0 else "")

    @admin.display(description=gettext_lazy("state"))
    def state(self, share: Share) -> SafeString:
        return shown(share, Standing.holds[1])

    @admin.action(description=gettext_lazy("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, shares: QuerySet[Share]) -> None:
        by = cast("User", request.user)
        ended = sum(sharing.end(share, by=by) for share in shares.select_related("owner").defer("messages"))
        words = ngettext("%(number)d share was revoked.", "%(number)d shares were revoked.", ended)
        messages.success(request, words % {"number": ended})

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Asked by Django for the action."""
        return request.user.has_perm("conversations.change_share")

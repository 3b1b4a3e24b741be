"""Reading a conversation: off unless the site says so, with a reason each time, and never without its audit entry."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from audit.log import record
from conversations.models import Conversation
from conversations.tree import everything

MAY_READ = "audit.read_conversation"
LONGEST_REASON = 300


class ReasonForm(forms.Form):
    """Why the conversation must be read."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Kept in the audit log with your name, the time and whose conversation it is."),
    )


def may_read(user: Any) -> bool:
    """Whether this person is to be shown the way there."""
    return bool(settings.ADMINS_READ and user.has_perm(MAY_READ))


@never_cache
@require_http_methods(["GET", "POST"])
def read(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Ask for the reason; with one, show what was written. Each showing is an entry, a reload too."""
    if not settings.ADMINS_READ:
        raise Http404
    if not may_read(request.user):
        raise PermissionDenied
    chats = Conversation.objects.filter(kind=Conversation.Kind.CHAT).select_related("owner")
    conversation = get_object_or_404(chats, pk=conversation_id)  # what is not kept is read by nobody
    form = ReasonForm(request.POST if request.method == "POST" else None)
    context = {**admin.site.each_context(request), "title": _("Read a conversation"), "conversation": conversation}
    if not form.is_valid():
        return render(request, "console/reading.html", {**context, "form": form})
    # Written down before anything is read: without the entry there is no page.
    _note(cast("User", request.user), conversation, form.cleaned_data["reason"])
    return render(request, "console/reading_thread.html", {**context, "thread": everything(conversation)})


@transaction.atomic
def _note(reader: User, conversation: Conversation, reason: str) -> None:
    whose = {"owner": conversation.owner.get_username(), "owner_id": conversation.owner_id}
    record("conversation.read", actor=reader, subject=conversation, details={**whose, "reason": reason})

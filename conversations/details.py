"""What a reply took, for the person who reads it: a few lines below it, asked for when they are opened."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from accounts.models import User
from conversations.database import in_database
from conversations.models import Message
from conversations.models.parameters import Effort
from conversations.nominating import standing
from conversations.views import signed_in
from inference import serving


@dataclass(frozen=True, slots=True)
class Details:
    """Of one reply. ``lines`` are label and value, in order."""

    at: datetime
    lines: list[tuple[str, str]]
    hand_overs: str


@require_GET
@signed_in
async def details(request: HttpRequest, user: User, reply_id: UUID) -> HttpResponse:
    """As HTML."""
    told = await in_database(_told, user, reply_id)
    return render(request, "conversations/details.html", told)


def _told(user: User, reply_id: UUID) -> dict[str, Any]:
    reply = Message.objects.visible_to(user).replies().select_related("nomination").defer("reasoning").get(pk=reply_id)
    return {"details": details_of(reply), "reply_id": reply_id, **standing(reply)}


def details_of(reply: Message) -> Details:
    """What is known of it by now."""
    lines = [(_("Model"), serving.label(reply.model)), *_counts(reply), *_times(reply), *_options(reply)]
    return Details(reply.finished_at or reply.created_at, lines, _hand_overs(reply))


def rate(reply: Message) -> float | None:
    """Tokens a second while it was written, from its first text on; None when that cannot be said."""
    if reply.finished_at is None or reply.ttft_ms is None:
        return None
    seconds = (reply.finished_at - reply.created_at).total_seconds() - reply.ttft_ms / 1000
    written = reply.completion_tokens - reply.inherited_tokens
    return written / seconds if seconds > 0 and written > 1 else None


def _counts(reply: Message) -> list[tuple[str, str]]:
    counted = [(_("Tokens read"), reply.prompt_tokens), (_("Tokens written"), reply.completion_tokens)]
    return [(label, f"{tokens:,}") for label, tokens in counted if tokens]


def _times(reply: Message) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if reply.ttft_ms is not None:
        found.append((_("First word after"), _seconds(reply.ttft_ms / 1000)))
    if (a_second := rate(reply)) is not None:
        found.append((_("Speed"), _("%(n)s tokens/s") % {"n": _rounded(a_second)}))
    if reply.finished_at is not None:
        found.append((_("Took"), _seconds((reply.finished_at - reply.created_at).total_seconds())))
    return found


def _options(reply: Message) -> list[tuple[str, str]]:
    options = reply.options or {}
    found: list[tuple[str, str]] = []
    if options.get("effort") in Effort.values:
        found.append((_("Effort"), str(Effort(options["effort"]).label)))
    named = ((_("Temperature"), options.get("temperature")), (_("Top p"), options.get("top_p")))
    found += [(label, f"{value:g}") for label, value in named if value is not None]
    if options.get("instructions"):
        found.append((_("Instructions"), _("set")))
    return found


def _hand_overs(reply: Message) -> str:
    times = reply.attempt - 1
    if times < 1:
        return ""
    words = ngettext("Interrupted once, and continued.", "Interrupted %(n)d times, and continued.", times)
    return words % {"n": times}


def _seconds(seconds: float) -> str:
    return _("%(n)s s") % {"n": _rounded(seconds)}


def _rounded(value: float) -> str:
    """Three digits or so."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"

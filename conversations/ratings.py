"""What a person thinks of a reply: good or bad, and why. Administrators see figures of it, never a word."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from conversations import frames
from conversations.database import in_database
from conversations.models import Message, Rating
from conversations.models.rating import Fault
from conversations.views import signed_in

LONGEST = 2_000  # characters of a note
VALUES = (-1, 0, 1)


@require_GET
@signed_in
async def form(request: HttpRequest, user: User) -> HttpResponse:
    """Where a person says what was bad, for a page that needs it the first time."""
    return render(request, "conversations/rating.html", {"reasons": Fault.choices})


@require_POST
@signed_in
async def rate(request: HttpRequest, user: User, reply_id: UUID) -> JsonResponse:
    """``value`` 1 or -1, with ``reasons`` and a ``note``; 0 takes the rating away. Said again, it changes nothing."""
    await in_database(_rate, user, reply_id, frames.decoded(request.body))
    return JsonResponse({}, status=202)


def _rate(user: User, reply_id: UUID, fields: dict[str, Any]) -> None:
    reply = Message.objects.visible_to(user).replies().only("state").get(pk=reply_id)
    value, reasons, note = _value(fields), _reasons(fields), _note(fields)
    if not reply.is_final:
        raise frames.Malformed("A reply can be rated when it has ended.")
    if value == 0:
        Rating.objects.filter(reply=reply).delete()
        return
    if value == 1:
        reasons, note = [], ""
    said = {"value": value, "reasons": reasons, "note": note, "at": timezone.now()}
    Rating.objects.update_or_create(reply=reply, defaults=said)


def _value(fields: dict[str, Any]) -> int:
    value = fields.get("value")
    if type(value) is not int or value not in VALUES:
        raise frames.Malformed("value must be 1 (good), -1 (bad) or 0 (no rating).")
    return value


def _reasons(fields: dict[str, Any]) -> list[str]:
    reasons = fields.get("reasons", [])
    if not isinstance(reasons, list) or not all(isinstance(one, str) and one in Fault.values for one in reasons):
        raise frames.Malformed(f"reasons must be a list, of: {', '.join(Fault.values)}.")
    return [fault for fault in Fault.values if fault in reasons]


def _note(fields: dict[str, Any]) -> str:
    note = fields.get("note", "")
    if not isinstance(note, str) or len(note) > LONGEST:
        raise frames.Malformed(f"note must be text of at most {LONGEST} characters.")
    return note.replace("\x00", "").strip()

"""The door to drafts: the ``draft`` frame, over the socket or as a request, and the hint to other pages."""

from typing import Any

from channels.layers import get_channel_layer
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from accounts.models import User
from conversations import frames, hints, news
from conversations.database import in_database
from conversations.drafts import Kept
from conversations.refusals import Refused
from conversations.views import signed_in


async def answer(layer: Any, user: User, note: frames.Note, *, but: str = "") -> dict[str, Any]:
    """Do what the frame says and tell the person's other pages; the ``draft`` or ``refused`` frame that answers it."""
    try:
        kept = await in_database(note.act, user)
    except Refused as no:
        return {**news.refused_frame(str(note.client_id or ""), no), "about": note.kind}
    if kept.changed:
        await hints.drafted(layer, user.pk, kept.conversation, kept.revision, but=but)
    said = frame(kept)
    return {**said, "client_id": str(note.client_id)} if note.client_id else said


def frame(kept: Kept) -> dict[str, Any]:
    """The ``draft`` frame. A page that hears that its text is saved knows it."""
    conversation = str(kept.conversation) if kept.conversation else None
    said: dict[str, Any] = {"type": "draft", "conversation": conversation, "revision": kept.revision}
    if kept.saved is not None:
        said["saved"] = kept.saved
    if kept.taken:
        said["taken"] = kept.taken
    return said if kept.saved else {**said, "text": kept.text, "waiting": kept.waiting}


@require_POST
@signed_in
async def draft(request: HttpRequest, user: User) -> JsonResponse:
    """The frame as a request: for a page that is being left, and for networks that break sockets."""
    note = frames.parse(request.body)
    if not isinstance(note, frames.Note):
        raise frames.Malformed("type must be draft.")
    said = await answer(get_channel_layer(), user, note)
    return JsonResponse(said, status=422 if said["type"] == "refused" else 200)

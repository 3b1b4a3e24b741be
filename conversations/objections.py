"""A person's say about what a model or a rule did: reporting a reply, asking for the review of a block."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from conversations import frames
from conversations.database import in_database
from conversations.models import Message
from conversations.views import signed_in
from moderation import incidents
from moderation.matcher import Action
from moderation.models import Incident, Reason

LONGEST = 2_000  # characters of what they have to say


@require_GET
@signed_in
async def dialogs(request: HttpRequest, user: User) -> HttpResponse:
    """The dialogs to say it in, for a page that needs the first of them."""
    return render(request, "conversations/objections.html", {"reasons": Reason.choices})


@require_POST
@signed_in
async def report(request: HttpRequest, user: User, reply_id: UUID) -> JsonResponse:
    """This reply should be looked at: ``reason`` and ``note``. Said again, it changes nothing."""
    await in_database(_report, user, reply_id, frames.decoded(request.body))
    return JsonResponse({}, status=202)


@require_POST
@signed_in
async def appeal(request: HttpRequest, user: User, incident_id: UUID) -> JsonResponse:
    """A rule blocked a message of this person, who asks in ``text`` for a review. Asked again, it changes nothing."""
    await in_database(incidents.appeal, user, incident_id, _reasons(request.body))
    return JsonResponse({}, status=202)


@require_POST
@signed_in
async def appeal_for_reply(request: HttpRequest, user: User, reply_id: UUID) -> JsonResponse:
    """The same for a reply that was blocked."""
    await in_database(_appeal, user, reply_id, _reasons(request.body))
    return JsonResponse({}, status=202)


def _report(user: User, reply_id: UUID, fields: dict[str, Any]) -> None:
    reply = Message.objects.visible_to(user).replies().only("conversation_id", "model").get(pk=reply_id)
    reason, note = fields.get("reason"), _words(fields, "note")
    if reason not in Reason.values:
        raise frames.Malformed(f"reason must be one of: {', '.join(Reason.values)}.")
    conversation, model = reply.conversation_id, reply.model
    incidents.report(user, conversation=conversation, message=reply.pk, reason=reason, note=note, model=model)


def _appeal(user: User, reply_id: UUID, text: str) -> None:
    reply = Message.objects.visible_to(user).replies().only("pk").get(pk=reply_id)
    blocks = Incident.objects.of_person(user).filter(message=reply.pk, action=Action.BLOCK, dry_run=False)
    incidents.appeal(user, blocks.latest("at").pk, text)


def _reasons(body: bytes) -> str:
    text = _words(frames.decoded(body), "text")
    if not text:
        raise frames.Malformed("text must say something.")
    return text


def _words(fields: dict[str, Any], name: str) -> str:
    text = fields.get(name, "")
    if not isinstance(text, str) or len(text) > LONGEST:
        raise frames.Malformed(f"{name} must be text of at most {LONGEST} characters.")
    return text.strip()

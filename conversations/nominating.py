"""A person marks a reply as good for the knowledge base, takes that back, and sees what reviewers made of it.

Marking shows reviewers that reply and what it answers, and nothing else of the conversation; the page says so first.
"""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from audit import holds
from audit.log import record
from conversations import frames
from conversations.database import in_database
from conversations.models import Message, Nomination
from conversations.refusals import Refused
from conversations.states import State
from conversations.views import signed_in
from limits import restraints
from limits.models import Restraint

WORTH = frozenset({State.COMPLETE, State.STOPPED, State.CUT})  # ends after which a reply can be good


@require_http_methods(["GET", "POST"])
@signed_in
async def knowledge(request: HttpRequest, user: User, reply_id: UUID) -> HttpResponse:
    """How the reply stands, with a form. ``marked`` true marks it, false takes that back; again changes nothing."""
    if request.method == "POST":
        marked = _marked(frames.decoded(request.body))
        try:
            await in_database(nominate if marked else withdraw, user, reply_id)
        except Refused as no:
            return render(request, "conversations/nomination.html", {"refusal": no.detail}, status=422)
    return render(request, "conversations/nomination.html", await in_database(_standing, user, reply_id))


def _standing(user: User, reply_id: UUID) -> dict[str, Any]:
    reply = Message.objects.visible_to(user).replies().select_related("nomination").defer("reasoning").get(pk=reply_id)
    return {"reply_id": reply_id, **standing(reply)}


def standing(reply: Message) -> dict[str, Any]:
    """What the form says of a reply. ``worth``: whether it is to be offered at all."""
    nomination = getattr(reply, "nomination", None)
    return {"nomination": nomination, "worth": nomination is not None or is_worth(reply)}


def is_worth(reply: Message) -> bool:
    """Whether it ended with something that can be good."""
    return reply.state in WORTH and bool(reply.text.strip())


def nominate(user: User, reply_id: UUID) -> None:
    """Raises Refused, or Message.DoesNotExist for a reply that is not the user's."""
    reply = Message.objects.visible_to(user).replies().select_related("conversation").get(pk=reply_id)
    if reply.conversation.trashed_at is not None:
        raise Refused("in_trash", _("This conversation is in the trash. Restore it first."))
    if not is_worth(reply):
        raise Refused("not_worth", _("Only a reply that has ended, and says something, can be marked."))
    if any(one.kind == Restraint.Kind.SUSPEND for one in restraints.now_on(user.pk)):
        raise Refused("suspended", _("You cannot mark anything at present: your account is suspended."))
    _save(user, reply)


@transaction.atomic
def _save(user: User, reply: Message) -> None:
    Message.objects.select_for_update().only("pk").get(pk=reply.pk)  # not erased meanwhile
    made, is_new = Nomination.objects.get_or_create(reply=reply)
    if is_new:
        record("nomination.created", actor=user, subject=made, details={"reply": str(reply.pk)})


@transaction.atomic
def withdraw(user: User, reply_id: UUID) -> None:
    """The mark goes, with all that reviewers made of it, which a legal hold keeps apart.

    Raises Message.DoesNotExist where it is not the user's.
    """
    is_kept = holds.keeps(user.pk)
    reply = Message.objects.visible_to(user).replies().only("pk").get(pk=reply_id)
    mine = Nomination.objects.visible_to(user).select_for_update().filter(reply=reply).first()
    if mine is not None:
        number = mine.pk
        for row in (mine, *mine.edits.all()) if is_kept else ():
            holds.withhold(row, user.pk)
        mine.delete()
        told = {"reply": str(reply.pk), "state": mine.state}
        record("nomination.withdrawn", actor=user, subject=f"nomination {number}", details=told)


def _marked(fields: dict[str, Any]) -> bool:
    marked = fields.get("marked")
    if not isinstance(marked, bool):
        raise frames.Malformed("marked must be true or false.")
    return marked
